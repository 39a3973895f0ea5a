import { parse } from "ini";

/** Whether a setting says where packages come from: `registry` or `@scope:registry`. */
export function isRegistryKey(key: string): boolean {
  return key === "registry" || /^@[^/]+:registry$/.test(key);
}

const PROXY_KEYS: ReadonlySet<string> = new Set([
  "https-proxy",
  "proxy",
  "http-proxy",
  "noproxy",
  "no-proxy",
]);

/** Whether a setting says what requests go through. */
export function isProxyKey(key: string): boolean {
  return PROXY_KEYS.has(key);
}

/**
 * The settings of a project's .npmrc that haft uses, as they are written. Trust shows and binds exactly
 * these, so a key is never put together from variables here.
 */
export function projectSettings(text: string): [key: string, value: string][] {
  return textSettings(text).filter(([key]) =>
    !key.includes("$") &&
    (isRegistryKey(key) || isProxyKey(key) || key.startsWith("//") || key === "replace-registry-host")
  );
}

/** Keys and values as they are written. Sections, lists and bare words hold nothing that is used here. */
export function textSettings(text: string): [key: string, value: string][] {
  return Object.entries(parse(text)).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" && value !== "" ? [[key, value]] : []
  );
}
