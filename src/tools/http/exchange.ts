import { explainFailure, HttpError, printableUrl, statusError } from "./http_error.ts";
import { runtime } from "../../runtime/mod.ts";
import { type Proxy, proxyFor, type ProxySettings } from "./proxy.ts";
import type { RequestGuard } from "./request_guard.ts";

/** The part of fetch that is used; a test can hand in its own. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ExchangeRequest {
  url: URL;
  headers: Headers;
  /** Let the server compress the body. Not for files whose hash counts. */
  compressed: boolean;
}

const MAX_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * One request and what it is redirected to: at most 10 steps, none twice, never from https to http, and
 * without the `Authorization` header once another host is asked.
 * @throws {HttpError}
 */
export async function exchange(
  request: ExchangeRequest,
  { fetch, guard, proxies }: { fetch: Fetch; guard: RequestGuard; proxies: ProxySettings },
): Promise<{ response: Response; url: URL; proxy: Proxy | undefined }> {
  const headers = new Headers(request.headers);
  const visited = new Set<string>();
  let url = request.url;
  for (;;) {
    visited.add(url.href);
    const proxy = proxyFor(url, proxies);
    if (proxy?.unsupported !== undefined) throw unsupportedProxy(url, proxy);
    const response = await send(url, { headers, compressed: request.compressed, fetch, guard, proxy });
    guard.answered();
    if (response.status === 407) {
      await response.body?.cancel().catch(() => {});
      const { reason } = statusError({ status: 407, url: url.href });
      throw new HttpError(reason, { kind: "status", url, status: 407, proxy });
    }
    const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
    if (location === null) return { response, url, proxy };
    await response.body?.cancel().catch(() => {});
    const next = redirectTarget(url, location);
    if (visited.has(next.href)) throw redirectError(request.url, "the server redirects in a loop");
    if (visited.size > MAX_REDIRECTS) {
      throw redirectError(request.url, `the server redirects more than ${MAX_REDIRECTS} times`);
    }
    if (next.origin !== url.origin) headers.delete("authorization");
    url = next;
  }
}

async function send(
  url: URL,
  { headers, compressed, fetch, guard, proxy }: {
    headers: Headers;
    compressed: boolean;
    fetch: Fetch;
    guard: RequestGuard;
    proxy: Proxy | undefined;
  },
): Promise<Response> {
  // `decompress` and `timeout` are Bun's: it would unpack a .tgz that is served with a Content-Encoding, and
  // has its own time-out beneath ours.
  const init: RequestInit & { decompress: boolean; timeout: false } = {
    headers,
    redirect: "manual",
    signal: guard.signal,
    decompress: compressed,
    timeout: false,
    ...runtime.fetchThrough(proxy?.url),
  };
  try {
    return await guard.wait(fetch(url.href, init));
  } catch (error) {
    throw failure(error, { url, guard, proxy });
  }
}

/** Going directly instead would bypass what the person asked for. */
function unsupportedProxy(url: URL, proxy: Proxy): HttpError {
  const { unsupported = "", source, shown } = proxy;
  const isSocks = unsupported.startsWith("socks");
  const why = isSocks ? "haft does not support SOCKS proxies" : "it is no http or https address";
  const instead = `Set HTTPS_PROXY to an http proxy, or add ${url.hostname} to NO_PROXY to go directly`;
  return new HttpError(`its proxy ${shown} (${source}) cannot be used: ${why}`, {
    kind: "proxy-scheme",
    url,
    next: isSocks ? instead : `Correct ${source}: http://HOST:PORT`,
  });
}

/**
 * The error to report for a rejection under a guard: the caller's own reason where it was the caller who gave
 * up.
 */
export function failure(
  error: unknown,
  { url, guard, proxy }: { url: URL; guard: RequestGuard; proxy: Proxy | undefined },
): unknown {
  try {
    guard.throwIfCancelled();
  } catch (reason) {
    return reason;
  }
  if (guard.stalled) {
    const seconds = guard.idleTimeoutMs / 1000;
    const reason = `it timed out: the server sent nothing, or next to nothing, for ${seconds} s`;
    return new HttpError(reason, { kind: "stalled", url, proxy, cause: error });
  }
  return explainFailure(error, url, proxy);
}

/** @throws {HttpError} when the target may not be followed */
export function redirectTarget(from: URL, location: string): URL {
  let target: URL;
  try {
    target = new URL(location, from);
  } catch (cause) {
    throw redirectError(from, "the server redirects to something that is no address", cause);
  }
  if (target.protocol !== "https:" && target.protocol !== "http:") {
    throw redirectError(from, `the server redirects to a ${target.protocol} address`);
  }
  if (from.protocol === "https:" && target.protocol === "http:") {
    throw redirectError(from, `the server redirects from https to http (${printableUrl(target)})`);
  }
  // Credentials in a Location were not given by the user.
  target.username = "";
  target.password = "";
  target.hash = "";
  return target;
}

function redirectError(url: URL, reason: string, cause?: unknown): HttpError {
  return new HttpError(reason, { kind: "redirect", url, cause });
}
