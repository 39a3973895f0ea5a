import { delay as stdDelay } from "@std/async/delay";
import { exchange, type Fetch } from "./exchange.ts";
import { HttpError, statusError } from "./http_error.ts";
import { mirrored, type Mirrors } from "./mirrors.ts";
import { RequestGuard } from "./request_guard.ts";
import { readBody, statedLength } from "./response_body.ts";
import { backoffMs, isRetriableStatus, MAX_RETRY_AFTER_MS, retryAfterMs } from "./retry_policy.ts";

/**
 * HTTP as an installer needs it. Redirects are followed under rules, failures that may pass are tried again, nothing is
 * waited for or read without end. Proxies are the runtime's business: both honour HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
 */
export interface HttpClient {
  /**
   * Sends a GET request. Resolves with every final status but 408, 429 and 5xx, which are errors once the attempts are
   * used up. Either read the body to its end or `cancel()`.
   * @throws {HttpError}
   * @throws the signal's reason
   */
  get(url: string, options?: HttpRequestOptions): Promise<HttpResponse>;
}

export interface HttpRequestOptions {
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** The largest body to accept. Default 2 GiB; `text()` and `json()` accept 256 MiB at most. */
  maxBytes?: number;
  /** How long a server may send nothing (less than 1 KiB). Default 30,000. */
  idleTimeoutMs?: number;
  /** How often to try in all. Default 4. */
  attempts?: number;
  /** Let the server compress the body; what is read is unpacked. Not for files whose hash counts. Default false. */
  compressed?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Where the answer came from, after redirects. */
  readonly url: string;
  readonly headers: Headers;
  /** The bytes as they arrive; can be read once. Leaving the loop early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body as UTF-8. Asks again, within the attempts, when the connection breaks meanwhile. */
  text(): Promise<string>;
  /** @throws {HttpError} `not-json` when it is something else, such as a login page */
  json(): Promise<unknown>;
  /** Closes the connection if the body was not read. */
  cancel(): Promise<void>;
}

export interface HttpClientOptions {
  fetch?: Fetch;
  /** Waits before another attempt. */
  delay?: (ms: number, options: { signal?: AbortSignal }) => Promise<void>;
  /** 0 (inclusive) to 1. */
  random?: () => number;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Address prefix → what stands in its place. */
  mirrors?: Mirrors;
  userAgent?: string;
  /** Make no request: everything that would need one fails. */
  offline?: boolean;
  /** Called before each further attempt, with the failure and the wait. */
  onRetry?: (failure: HttpError, waitMs: number) => void;
}

const DEFAULT_ATTEMPTS = 4;
const DEFAULT_IDLE_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BYTES = 2 * 1024 ** 3;
const MAX_TEXT_BYTES = 256 * 1024 ** 2;

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const settings: Settings = {
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    delay: options.delay ?? stdDelay,
    random: options.random ?? Math.random,
    now: options.now ?? Date.now,
    mirrors: options.mirrors ?? {},
    userAgent: options.userAgent ?? "haft",
    offline: options.offline ?? false,
    onRetry: options.onRetry ?? (() => {}),
  };
  return {
    get: (url, requestOptions = {}) => new Request(url, requestOptions, settings).send(),
  };
}

type Settings = Required<HttpClientOptions>;

/** One `get()`: its address, and the attempts that it has left. */
class Request {
  readonly #settings: Settings;
  readonly #options: HttpRequestOptions;
  readonly #url: URL;
  readonly #headers: Headers;
  #made = 0;

  constructor(url: string, options: HttpRequestOptions, settings: Settings) {
    this.#settings = settings;
    this.#options = options;
    const { target, headers } = address(url, { options, settings });
    this.#url = target;
    this.#headers = headers;
  }

  get url(): URL {
    return this.#url;
  }

  get compressed(): boolean {
    return this.#options.compressed ?? false;
  }

  async send(): Promise<HttpResponse> {
    if (this.#settings.offline) {
      throw new HttpError("haft is offline (--offline)", { kind: "offline", url: this.#url });
    }
    for (;;) {
      this.#made++;
      try {
        return await this.#attempt();
      } catch (error) {
        await this.pause(error);
      }
    }
  }

  /**
   * Waits before another attempt.
   * @throws the failure when it will not pass, or no attempt is left
   */
  async pause(failure: unknown): Promise<void> {
    if (!(failure instanceof HttpError)) throw failure;
    const again = isPassing(failure) && this.#made < (this.#options.attempts ?? DEFAULT_ATTEMPTS);
    const asked = failure instanceof Refusal ? failure.retryAfterMs : undefined;
    if (!again || (asked ?? 0) > MAX_RETRY_AFTER_MS) throw failure.afterAttempts(this.#made);
    const waitMs = Math.max(asked ?? 0, backoffMs(this.#made, this.#settings.random));
    this.#settings.onRetry(failure, waitMs);
    const { signal } = this.#options;
    try {
      await this.#settings.delay(waitMs, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }

  async #attempt(): Promise<HttpResponse> {
    const { signal, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS, compressed = false } = this.#options;
    signal?.throwIfAborted();
    const guard = new RequestGuard({ signal, idleTimeoutMs });
    try {
      const { response, url } = await exchange(
        { url: this.#url, headers: this.#headers, compressed },
        { fetch: this.#settings.fetch, guard },
      );
      if (isRetriableStatus(response.status)) {
        throw new Refusal(response, { url, now: this.#settings.now() });
      }
      const maxBytes = this.#options.maxBytes ?? DEFAULT_MAX_BYTES;
      return new Answer(response, { request: this, url, guard, maxBytes });
    } catch (error) {
      guard.cancel();
      throw error;
    }
  }
}

/** An answer that asks to try again. */
class Refusal extends HttpError {
  readonly retryAfterMs: number | undefined;

  constructor(response: Response, { url, now }: { url: URL; now: number }) {
    const { status } = response;
    super(statusError({ status, url: url.href }).reason, { kind: "status", url, status });
    this.retryAfterMs = retryAfterMs(response.headers.get("retry-after"), now);
  }
}

class Answer implements HttpResponse {
  readonly status: number;
  readonly url: string;
  readonly headers: Headers;
  readonly body: AsyncGenerator<Uint8Array>;
  readonly #request: Request;
  readonly #guard: RequestGuard;
  readonly #response: Response;

  constructor(
    response: Response,
    options: { request: Request; url: URL; guard: RequestGuard; maxBytes: number },
  ) {
    this.status = response.status;
    this.url = options.url.href;
    this.headers = response.headers;
    this.body = readBody(response, { ...options, length: statedLength(response.headers) });
    this.#response = response;
    this.#request = options.request;
    this.#guard = options.guard;
    if (response.body === null) options.guard.release();
  }

  async text(): Promise<string> {
    const encoding = this.headers.get("content-encoding") ?? "identity";
    if (encoding !== "identity" && !this.#request.compressed) {
      await this.cancel();
      const reason = `the server compressed its answer (${encoding}), which it was asked not to`;
      throw new HttpError(reason, { kind: "not-text", url: this.#request.url, status: this.status });
    }
    let body: HttpResponse["body"] = this.body;
    for (;;) {
      try {
        return await collect(body, this.#request.url);
      } catch (error) {
        await this.#request.pause(error);
        const answer = await this.#request.send();
        if (answer.status !== this.status) {
          await answer.cancel();
          throw error;
        }
        body = answer.body;
      }
    }
  }

  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch (cause) {
      const isHtml = /^\s*</.test(text) || (this.headers.get("content-type") ?? "").includes("html");
      const what = text.trim() === "" ? "nothing" : isHtml ? "a web page (HTML)" : "something else";
      throw new HttpError(`the server answered with ${what} instead of JSON`, {
        kind: "not-json",
        url: this.#request.url,
        status: this.status,
        cause,
      });
    }
  }

  async cancel(): Promise<void> {
    this.#guard.cancel();
    // A generator that was never started runs no finally block.
    await this.body.return(undefined);
    if (this.#response.body?.locked === false) await this.#response.body.cancel().catch(() => {});
  }
}

async function collect(body: AsyncIterable<Uint8Array>, url: URL): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_TEXT_BYTES) {
      throw new HttpError(`the answer is larger than ${MAX_TEXT_BYTES} bytes`, { kind: "too-large", url });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function isPassing({ kind, status }: HttpError): boolean {
  if (kind === "status") return status !== undefined && isRetriableStatus(status);
  return kind === "dns" || kind === "refused" || kind === "broken" || kind === "stalled";
}

/** Where the request really goes, and with which headers. */
function address(
  given: string,
  { options, settings }: { options: HttpRequestOptions; settings: Settings },
): { target: URL; headers: Headers } {
  const headers = new Headers(options.headers);
  headers.set("accept-encoding", options.compressed === true ? "gzip, br" : "identity");
  if (!headers.has("user-agent")) headers.set("user-agent", settings.userAgent);
  const target = parse(mirrored(given, settings.mirrors));
  // Credentials are for the host that they were looked up for, not for what a mirror puts in its place.
  if (target.origin !== parse(given).origin) headers.delete("authorization");
  if (target.username !== "" && !headers.has("authorization")) {
    headers.set("authorization", basicAuthorization(target));
  }
  target.username = "";
  target.password = "";
  target.hash = "";
  return { target, headers };
}

function parse(url: string): URL {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (cause) {
    throw new HttpError("this is no address", { kind: "bad-url", url, cause });
  }
  if (parsed.protocol === "https:" || parsed.protocol === "http:") return parsed;
  throw new HttpError("only http and https addresses can be fetched", { kind: "bad-url", url });
}

function basicAuthorization({ username, password }: URL): string {
  const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
