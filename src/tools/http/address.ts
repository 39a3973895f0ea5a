import { HttpError } from "./http_error.ts";
import type { HttpClientOptions, HttpRequestOptions, Mirrors } from "./http_types.ts";

/** Rewrites an address by the longest prefix that fits; addresses without one stay as they are. */
export function mirrored(url: string, mirrors: Mirrors): string {
  let best = "";
  for (const prefix of Object.keys(mirrors)) {
    if (prefix.length > best.length && fits(url, prefix)) best = prefix;
  }
  return best === "" ? url : (mirrors[best] ?? "") + url.slice(best.length);
}

/** A prefix ends where a part of the address ends: `https://host` does not fit `https://host.example`. */
function fits(url: string, prefix: string): boolean {
  if (!url.startsWith(prefix)) return false;
  const next = url[prefix.length];
  return next === undefined || prefix.endsWith("/") || "/?#".includes(next);
}

/** Where the request really goes, and with which headers. */
export function requestAddress(
  given: string,
  { options, settings }: {
    options: HttpRequestOptions;
    settings: Pick<HttpClientOptions, "mirrors" | "userAgent">;
  },
): { target: URL; headers: Headers } {
  const headers = new Headers(options.headers);
  headers.set("accept-encoding", options.compressed === true ? "gzip, br" : "identity");
  if (!headers.has("user-agent")) headers.set("user-agent", settings.userAgent ?? "haft");
  const target = parse(mirrored(given, settings.mirrors ?? {}));
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
