import process from "node:process";
import { delay } from "@std/async/delay";
import { exchange } from "./exchange.ts";
import { Answer, type Repeatable } from "./http_answer.ts";
import { HttpError, statusError } from "./http_error.ts";
import type { HttpClient, HttpClientOptions, HttpRequestOptions, HttpResponse } from "./http_types.ts";
import { requestAddress } from "./address.ts";
import { environmentProxies, type Proxy } from "./proxy.ts";
import { RequestGuard } from "./request_guard.ts";

export type { HttpClient, HttpClientOptions, HttpRequestOptions, HttpResponse } from "./http_types.ts";

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const settings: Required<HttpClientOptions> = {
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    delay: options.delay ?? delay,
    random: options.random ?? Math.random,
    now: options.now ?? Date.now,
    mirrors: options.mirrors ?? {},
    proxies: options.proxies ?? (() => Promise.resolve(environmentProxies(process.env))),
    userAgent: options.userAgent ?? "haft",
    offline: options.offline ?? false,
    onRetry: options.onRetry ?? (() => {}),
  };
  return {
    get: async (url, requestOptions = {}) => await new HttpRequest(url, requestOptions, settings).send(),
  };
}

const DEFAULT_ATTEMPTS = 4;
/**
 * Waiting is dear: twice the idle time-out stays below the minute after which `haft sync` takes a child for
 * hung.
 */
const MAX_STALLS = 2;
const DEFAULT_IDLE_TIMEOUT_MS = 25_000;
const DEFAULT_MAX_BYTES = 2 * 1024 ** 3;

/** One `get()`: its address, and the attempts that it has left. */
export class HttpRequest implements Repeatable {
  readonly #settings: Required<HttpClientOptions>;
  readonly #options: HttpRequestOptions;
  readonly #url: URL;
  readonly #headers: Headers;
  #made = 0;
  #stalls = 0;

  constructor(url: string, options: HttpRequestOptions, settings: Required<HttpClientOptions>) {
    this.#settings = settings;
    this.#options = options;
    const { target, headers } = requestAddress(url, { options, settings });
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
    if (failure.kind === "stalled") this.#stalls++;
    const again = isPassing(failure) && this.#stalls < MAX_STALLS &&
      this.#made < (this.#options.attempts ?? DEFAULT_ATTEMPTS);
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
    const proxies = await this.#settings.proxies();
    const guard = new RequestGuard({ signal, idleTimeoutMs });
    try {
      const { response, url, proxy } = await exchange(
        { url: this.#url, headers: this.#headers, compressed },
        { fetch: this.#settings.fetch, guard, proxies },
      );
      if (isRetriableStatus(response.status)) {
        throw new Refusal(response, { url, proxy, now: this.#settings.now() });
      }
      const maxBytes = this.#options.maxBytes ?? DEFAULT_MAX_BYTES;
      return new Answer(response, { request: this, url, guard, maxBytes, proxy });
    } catch (error) {
      guard.cancel();
      throw error;
    }
  }
}

/** An answer that asks to try again. */
class Refusal extends HttpError {
  readonly retryAfterMs: number | undefined;

  constructor(response: Response, { url, proxy, now }: { url: URL; proxy: Proxy | undefined; now: number }) {
    const { status } = response;
    const asked = retryAfterMs(response.headers.get("retry-after"), now);
    const wait = asked === undefined || asked <= MAX_RETRY_AFTER_MS
      ? ""
      : `, and asks to wait ${Math.ceil(asked / 1000)} s`;
    super(`${statusError({ status, url: url.href }).reason}${wait}`, { kind: "status", url, proxy, status });
    this.retryAfterMs = asked;
  }
}

function isPassing({ kind, status }: HttpError): boolean {
  if (kind === "status") return status !== undefined && isRetriableStatus(status);
  return kind === "dns" || kind === "refused" || kind === "broken" || kind === "stalled";
}

const BASE_MS = 300;
const MAX_BACKOFF_MS = 10_000;
/** A server that asks for more patience than this is not waited for. */
export const MAX_RETRY_AFTER_MS = 30_000;

/** Whether the same request may well succeed a little later. */
export function isRetriableStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/**
 * How long to wait before the next attempt, in milliseconds: exponential with full jitter, so that many
 * clients that failed together do not come back together.
 * @param attempt the attempts made so far, from 1
 * @param random 0 (inclusive) to 1
 */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(MAX_BACKOFF_MS, BASE_MS * 2 ** (attempt - 1)));
}

/**
 * The wait that a `Retry-After` header asks for, in milliseconds; undefined when it is absent or unreadable.
 * @param now milliseconds since the epoch, for headers that name a date
 */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
