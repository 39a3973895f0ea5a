/** Address prefix → what stands in its place. */
export type Mirrors = Readonly<Record<string, string>>;

/** Rewrites an address by the longest prefix that fits; addresses without one stay as they are. */
export function mirrored(url: string, mirrors: Mirrors): string {
  let best = "";
  for (const prefix of Object.keys(mirrors)) {
    if (prefix.length > best.length && fits(url, prefix)) best = prefix;
  }
  return best === "" ? url : (mirrors[best] ?? "") + url.slice(best.length);
}

/** A prefix ends where a part of the address ends: `https://host` is none of `https://host.example`. */
function fits(url: string, prefix: string): boolean {
  if (!url.startsWith(prefix)) return false;
  const next = url[prefix.length];
  return next === undefined || prefix.endsWith("/") || "/?#".includes(next);
}
