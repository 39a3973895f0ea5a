import { failure } from "./exchange.ts";
import { HttpError } from "./http_error.ts";
import type { Proxy } from "./proxy.ts";
import type { HttpResponse } from "./http_types.ts";
import type { RequestGuard } from "./request_guard.ts";

/** The request that an answer belongs to, as far as it can be made again. */
export interface Repeatable {
  readonly url: URL;
  /** Whether the server may compress the body. */
  readonly compressed: boolean;
  /** @throws the failure when it will not pass, or no attempt is left */
  pause(failure: unknown): Promise<void>;
  send(): Promise<HttpResponse>;
}

const MAX_TEXT_BYTES = 256 * 1024 ** 2;

/** An answer whose head is there. */
export class Answer implements HttpResponse {
  readonly status: number;
  readonly url: string;
  readonly headers: Headers;
  readonly body: AsyncGenerator<Uint8Array>;
  readonly #request: Repeatable;
  readonly #guard: RequestGuard;
  readonly #response: Response;

  constructor(
    response: Response,
    options: {
      request: Repeatable;
      url: URL;
      guard: RequestGuard;
      maxBytes: number;
      proxy?: Proxy | undefined;
    },
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

export interface BodyOptions {
  url: URL;
  guard: RequestGuard;
  maxBytes: number;
  /** What the request went through. */
  proxy?: Proxy | undefined;
  /** The body's length as the server says it, where that can be relied on. */
  length: number | undefined;
}

/**
 * The body's bytes as they arrive. Ends the request whichever way it is left.
 * @throws {HttpError} `too-large`, `stalled`, or `broken`: also when the body ends before its stated length,
 * which not every runtime notices
 */
export async function* readBody(response: Response, options: BodyOptions): AsyncGenerator<Uint8Array> {
  const { url, guard, maxBytes, length, proxy } = options;
  const reader = response.body?.getReader();
  let received = 0;
  try {
    if (length !== undefined && length > maxBytes) throw tooLarge(options);
    while (reader !== undefined) {
      const { done, value } = await guard.wait(reader.read());
      if (done) break;
      received += value.length;
      guard.arrived(value.length);
      if (received > maxBytes) throw tooLarge(options);
      yield value;
    }
    if (length !== undefined && received < length) throw endedEarly(options, received);
    guard.release();
  } catch (error) {
    throw failure(error, { url, guard, proxy });
  } finally {
    // After the end this does nothing; before it, it closes the connection.
    guard.cancel();
    await reader?.cancel().catch(() => {});
  }
}

/** The length that the body must have, when it is sent as it is. */
export function statedLength(headers: Headers): number | undefined {
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity") return undefined;
  const text = headers.get("content-length") ?? "";
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

function tooLarge({ url, maxBytes }: BodyOptions): HttpError {
  return new HttpError(`the answer is larger than ${maxBytes} bytes`, { kind: "too-large", url });
}

function endedEarly({ url, length, proxy }: BodyOptions, received: number): HttpError {
  const cause = new Error(`the body ended after ${received} of ${length} bytes`);
  return new HttpError(`the connection broke after ${received} of ${length} bytes`, {
    kind: "broken",
    url,
    proxy,
    cause,
  });
}
