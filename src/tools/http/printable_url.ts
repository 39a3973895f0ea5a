/** An address as it may be shown: without credentials, query and fragment, any of which may hold a secret. */
export function printableUrl(url: string | URL): string {
  const parsed = url instanceof URL ? url : parse(url);
  if (parsed === undefined) return String(url).replace(/[?#].*$/s, "").replace(/\/\/[^/@]*@/, "//");
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${parsed.search === "" ? "" : "?…"}`;
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
