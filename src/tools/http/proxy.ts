import { BlockList, isIP } from "node:net";
import { type Env, envValue } from "../../base/env.ts";

/** A value, and where it is set, for messages: `HTTPS_PROXY`, or `proxy in /home/me/.npmrc`. */
export interface ProxyValue {
  value: string;
  source: string;
}

/** Which proxy requests go through. */
export interface ProxySettings {
  /** For https addresses. */
  https?: ProxyValue | undefined;
  /** For http addresses. */
  http?: ProxyValue | undefined;
  /** What is asked without a proxy: the form of NO_PROXY. */
  except?: string | undefined;
}

/** The proxy of one request. */
export interface Proxy {
  /** With its credentials. */
  url: string;
  /** As it may be shown: without its credentials. */
  shown: string;
  source: string;
  /** `socks5` and the like, which haft does not speak; undefined for http and https. */
  unsupported?: string | undefined;
}

/** The proxies of the environment, in the spellings that curl reads. */
export function environmentProxies(env: Env): ProxySettings {
  const all = variable(env, "ALL_PROXY");
  return {
    https: variable(env, "HTTPS_PROXY") ?? all,
    http: variable(env, "HTTP_PROXY") ?? all,
    except: variable(env, "NO_PROXY")?.value,
  };
}

function variable(env: Env, name: string): ProxyValue | undefined {
  for (const spelling of [name.toLowerCase(), name]) {
    const value = envValue(env, spelling);
    if (value !== undefined && value.trim() !== "") return { value: value.trim(), source: spelling };
  }
  return undefined;
}

/** The proxy for an address; undefined when it is asked directly. */
export function proxyFor(url: URL, settings: ProxySettings): Proxy | undefined {
  const setting = url.protocol === "https:" ? settings.https : settings.http;
  if (setting === undefined || isExcepted(url, settings.except ?? "")) return undefined;
  const text = setting.value.includes("://") ? setting.value : `http://${setting.value}`;
  const { source } = setting;
  if (!URL.canParse(text)) return { url: text, shown: "(no address)", source, unsupported: "unreadable" };
  const parsed = new URL(text);
  const scheme = parsed.protocol.slice(0, -1);
  return {
    url: text,
    shown: `${scheme}://${parsed.host}`,
    source,
    ...(scheme === "http" || scheme === "https" ? {} : { unsupported: scheme }),
  };
}

/** The settings as variables, for installers that read nothing else. */
export function proxyVariables({ https, http, except }: ProxySettings): Record<string, string> {
  const values = { HTTPS_PROXY: https?.value, HTTP_PROXY: http?.value, NO_PROXY: except };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value], [name.toLowerCase(), value]]
    ),
  );
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "https:": "443", "http:": "80" };

/** `*`, a host, a host with its port, a domain with all below it, an address, or a network (`10.0.0.0/8`). */
function isExcepted(url: URL, exceptions: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const port = url.port === "" ? DEFAULT_PORTS[url.protocol] : url.port;
  return exceptions.toLowerCase().split(/[\s,]+/).filter((one) => one !== "").some((one) => {
    if (one === "*") return true;
    if (one.includes("/")) return isIn(host, one);
    const [, name = "", onlyPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(one) ?? [undefined, one];
    if (onlyPort !== undefined && onlyPort !== port) return false;
    const domain = name.replace(/^\[|\]$/g, "").replace(/^\*?\./, "");
    return domain !== "" && (host === domain || host.endsWith(`.${domain}`));
  });
}

function isIn(host: string, network: string): boolean {
  const [address = "", bits = ""] = network.split("/");
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(address, Number(bits), type);
  return list.check(host, type);
}
