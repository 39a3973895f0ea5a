import type { Env } from "../../base/env.ts";

/** The proxy that both runtimes' fetch takes for an address, as it may be shown: without its credentials. */
export function proxyOf(url: URL, env: Env): string | undefined {
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const text = env[name.toLowerCase()] || env[name];
  if (text === undefined || text === "" || isExcepted(url, env["no_proxy"] || env["NO_PROXY"] || "")) {
    return undefined;
  }
  try {
    const { protocol, host } = new URL(text.includes("://") ? text : `http://${text}`);
    return `${protocol}//${host}`;
  } catch {
    return undefined;
  }
}

/** `*`, a host, a host with its port, or a domain with all below it. */
function isExcepted({ hostname, host }: URL, exceptions: string): boolean {
  return exceptions.split(",").map((one) => one.trim().toLowerCase()).filter((one) => one !== "").some((
    one,
  ) =>
    one === "*" || one === host || hostname === one.replace(/^\./, "") ||
    hostname.endsWith(one.startsWith(".") ? one : `.${one}`)
  );
}
