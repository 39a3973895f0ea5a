import { delay } from "@std/async/delay";
import { HttpRequest } from "./http_request.ts";
import type { HttpClient, HttpClientOptions } from "./http_types.ts";

export type { HttpClient, HttpClientOptions, HttpRequestOptions, HttpResponse } from "./http_types.ts";

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const settings: Required<HttpClientOptions> = {
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    delay: options.delay ?? delay,
    random: options.random ?? Math.random,
    now: options.now ?? Date.now,
    mirrors: options.mirrors ?? {},
    userAgent: options.userAgent ?? "haft",
    offline: options.offline ?? false,
    onRetry: options.onRetry ?? (() => {}),
  };
  return {
    get: async (url, requestOptions = {}) => await new HttpRequest(url, requestOptions, settings).send(),
  };
}
