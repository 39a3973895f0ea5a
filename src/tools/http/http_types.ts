import type { Fetch } from "./exchange.ts";
import type { HttpError } from "./http_error.ts";
import type { ProxySettings } from "./proxy.ts";

/**
 * HTTP as an installer needs it. Redirects are followed under rules, failures that may pass are tried again,
 * every wait and every body has a limit.
 */
export interface HttpClient {
  /**
   * Sends a GET request. Resolves with every final status but 408, 429 and 5xx, which are errors once the
   * attempts are used up. Either read the body to its end or `cancel()`.
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
  /** How long a server may send nothing (less than 1 KiB). Default 25,000. */
  idleTimeoutMs?: number;
  /** How often to try in all, a stalled server twice at most. Default 4. */
  attempts?: number;
  /**
   * Let the server compress the body; what is read is unpacked. Not for files whose hash counts. Default
   * false.
   */
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

/** Address prefix → its replacement. */
export type Mirrors = Readonly<Record<string, string>>;

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
  /** Asked before each request. Default: the variables of this process. */
  proxies?: () => Promise<ProxySettings>;
  userAgent?: string;
  /** Make no request: everything that would need one fails. */
  offline?: boolean;
  /** Called before each further attempt, with the failure and the wait. */
  onRetry?: (failure: HttpError, waitMs: number) => void;
}
