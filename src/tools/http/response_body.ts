import { failure } from "./exchange.ts";
import { HttpError } from "./http_error.ts";
import type { RequestGuard } from "./request_guard.ts";

export interface BodyOptions {
  url: URL;
  guard: RequestGuard;
  maxBytes: number;
  /** The body's length as the server says it, where that can be relied on. */
  length: number | undefined;
}

/**
 * The body's bytes as they arrive. Ends the request whichever way it is left.
 * @throws {HttpError} `too-large`, `stalled`, or `broken`: also when the body ends before its stated length, which not every
 * runtime notices
 */
export async function* readBody(response: Response, options: BodyOptions): AsyncGenerator<Uint8Array> {
  const { url, guard, maxBytes, length } = options;
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
    throw failure(error, { url, guard });
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

function endedEarly({ url, length }: BodyOptions, received: number): HttpError {
  const cause = new Error(`the body ended after ${received} of ${length} bytes`);
  return new HttpError(`the connection broke after ${received} of ${length} bytes`, {
    kind: "broken",
    url,
    cause,
  });
}
