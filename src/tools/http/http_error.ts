import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Proxy } from "./proxy.ts";

/** What went wrong, for code that acts on it. */
export type HttpErrorKind =
  | "dns"
  | "refused"
  | "tls"
  /** The proxy would not connect. */
  | "proxy"
  /** The proxy is of a kind that haft does not speak; nothing was sent. */
  | "proxy-scheme"
  /** The connection broke, or ended before the whole body was there. */
  | "broken"
  /** Nothing, or next to nothing, came for the idle time-out. */
  | "stalled"
  | "status"
  | "redirect"
  | "too-large"
  | "not-text"
  | "not-json"
  | "bad-url"
  | "offline";

export interface HttpErrorOptions {
  kind: HttpErrorKind;
  url: string | URL;
  /** The HTTP status, where one was received. */
  status?: number | undefined;
  /** What the request went through. */
  proxy?: Proxy | undefined;
  /** Replaces the next step that the kind suggests. */
  next?: string | undefined;
  cause?: unknown;
}

/** A request that failed. The message names the address, without its secrets, and the number of attempts. */
export class HttpError extends HaftError {
  override readonly name = "HttpError";
  readonly kind: HttpErrorKind;
  /** Without credentials and query. */
  readonly url: string;
  readonly status: number | undefined;
  /** What happened, without the address. */
  readonly reason: string;
  readonly #proxy: Proxy | undefined;
  readonly #attempts: number;

  constructor(reason: string, options: HttpErrorOptions, attempts = 1) {
    const url = printableUrl(options.url);
    const tried = attempts > 1 ? ` (tried ${attempts} times)` : "";
    const next = options.next ?? nextStep(options);
    const { proxy } = options;
    const way = proxy === undefined || !mayBeTheProxys(options)
      ? ""
      : `, through the proxy ${proxy.shown} (${proxy.source})`;
    super(`Cannot fetch ${url}: ${reason}${way}${tried}`, {
      ...(next === undefined ? {} : { next }),
      exitCode: options.kind === "stalled" ? ExitCode.timedOut : ExitCode.failed,
      cause: options.cause,
    });
    this.kind = options.kind;
    this.url = url;
    this.status = options.status;
    this.reason = reason;
    this.#proxy = options.proxy;
    this.#attempts = attempts;
  }

  /** The same error with a next step that the one who asked knows better. */
  withNext(next: string): HttpError {
    const { kind, url, status, cause } = this;
    return new HttpError(this.reason, { kind, url, status, proxy: this.#proxy, next, cause }, this.#attempts);
  }

  /** The same error, after more than one attempt. */
  afterAttempts(attempts: number): HttpError {
    const { kind, url, status, next, cause } = this;
    return new HttpError(this.reason, { kind, url, status, proxy: this.#proxy, next, cause }, attempts);
  }
}

const OF_CONNECTIONS: ReadonlySet<HttpErrorKind> = new Set([
  "dns",
  "refused",
  "tls",
  "proxy",
  "broken",
  "stalled",
]);

/** Failures in which the proxy may be the one that cannot be reached, or that answers. */
function mayBeTheProxys({ kind, status }: HttpErrorOptions): boolean {
  return OF_CONNECTIONS.has(kind) || status === 407;
}

const OFFLINE_HINT = 'with --offline, "haft sync" and "haft use" take what is already here';
const CREDENTIALS_HINT =
  "Credentials are looked for where npm keeps them: //HOST/:_authToken in the project's " +
  ".npmrc, ~/.npmrc, npm's global npmrc, or a variable NPM_CONFIG_//HOST/:_authToken";

function nextStep({ kind, status, proxy }: HttpErrorOptions): string | undefined {
  switch (kind) {
    case "dns":
    case "refused":
    case "broken":
    case "stalled":
      return `Check the network or ${proxy?.source ?? "the proxy settings"}; ${OFFLINE_HINT}`;
    case "tls":
      return `Check ${
        proxy?.source ?? "the proxy settings"
      } and the clock; a certificate authority of your own is named in NODE_EXTRA_CA_CERTS`;
    case "proxy":
      return `Check ${proxy?.source ?? "HTTP_PROXY, HTTPS_PROXY and NO_PROXY"}, and the credentials in it`;
    case "status":
      if (status === 401 || status === 403) return CREDENTIALS_HINT;
      if (status === 407) {
        return `The proxy asks for credentials: give them in ${proxy?.source ?? "HTTPS_PROXY"}`;
      }
      if (status === 404 || status === 410) return "Check the address, and [mirrors] in haft.toml";
      return `Try again later; ${OFFLINE_HINT}`;
    case "proxy-scheme":
      return "Set HTTPS_PROXY to an http proxy";
    case "redirect":
    case "bad-url":
      return "Check the address, and [mirrors] in haft.toml";
    case "not-text":
    case "not-json":
      return "Check the registry's address in .npmrc, and whether a proxy or a login page answers in its place";
    case "too-large":
      return "Check the address: this is not what haft expects there";
    case "offline":
      return 'Run "haft sync" once without --offline';
  }
}

/** Names the statuses that people meet; the number stands before the name. */
export function statusText(status: number): string {
  const name = STATUS_NAMES[status];
  return name === undefined ? `HTTP status ${status}` : `HTTP status ${status} (${name})`;
}

const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: "bad request",
  401: "not authorized",
  403: "forbidden",
  404: "not found",
  407: "the proxy asks for credentials",
  408: "timed out",
  410: "gone",
  416: "no such range",
  429: "too many requests",
  500: "server error",
  502: "bad gateway",
  503: "not available",
  504: "gateway timed out",
};

/** The error for an answer whose status the caller has no use for. */
export function statusError(response: { status: number; url: string }): HttpError {
  const { status, url } = response;
  return new HttpError(`the server answered with ${statusText(status)}`, { kind: "status", url, status });
}

/** Words of both runtimes: codes of Bun and node, messages of Deno's client. */
const SIGNS: readonly [RegExp, HttpErrorKind, string][] = [
  [
    /ERR_PROXY|proxy authentication|proxy refused|unsuccessful tunnel/i,
    "proxy",
    "the proxy refuses the connection",
  ],
  [
    /ENOTFOUND|EAI_|dns error|getaddrinfo|lookup address|name resolution/i,
    "dns",
    "its host name cannot be resolved",
  ],
  [/ECONNREFUSED|ConnectionRefused|connection refused/i, "refused", "the connection was refused"],
  [/FailedToOpenSocket|Unable to connect/i, "refused", "the connection could not be made"],
  [
    /certificate|_CERT_|ERR_TLS|EPROTO|handshake|corrupt message|UnknownIssuer/i,
    "tls",
    "the TLS connection failed",
  ],
  [/E(NET|HOST)UNREACH|unreachable|no route to host/i, "broken", "the network cannot be reached"],
  [/ETIMEDOUT|timed out/i, "broken", "the connection timed out"],
  [
    /ECONNRESET|EPIPE|ConnectionClosed|reset|closed|reading a body|unexpected(ly)? e(nd|of)|UnexpectedEof/i,
    "broken",
    "the connection broke",
  ],
];

/** What a rejection of fetch, or of a body being read, means. */
export function explainFailure(error: unknown, url: string | URL, proxy?: Proxy): HttpError {
  if (error instanceof HttpError) return error;
  // Both clients repeat the address in their messages: its words are not signs, and its query may be secret.
  const text = details(error).replaceAll(/\bfor url \([^)]*\)|\bhttps?:\/\/\S+/g, "");
  for (const [sign, kind, reason] of SIGNS) {
    if (!sign.test(text)) continue;
    return new HttpError(kind === "tls" ? reason + certificateDetail(text) : reason, {
      kind,
      url,
      proxy,
      cause: error,
    });
  }
  return new HttpError(`the request failed: ${text.trim()}`, { kind: "broken", url, proxy, cause: error });
}

function details(error: unknown): string {
  const parts: string[] = [];
  for (let at = error, depth = 0; at !== undefined && depth < 4; depth++) {
    parts.push([errorCode(at), errorMessage(at)].join(" ").trim());
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(": ");
}

function certificateDetail(text: string): string {
  if (/UnknownIssuer|self.signed|unable to get (local )?issuer|unable to verify/i.test(text)) {
    return " (the server's certificate is not from an authority that is trusted here)";
  }
  if (/expired/i.test(text)) return " (the server's certificate has expired)";
  if (/not valid for name|NotValidForName|altname/i.test(text)) {
    return " (the server's certificate is for another name)";
  }
  return "";
}

/** An address as it may be shown: without credentials, query and fragment, any of which may hold a secret. */
export function printableUrl(url: string | URL): string {
  const parsed = url instanceof URL ? url : parsedUrl(url);
  if (parsed === undefined) return String(url).replace(/[?#].*$/s, "").replace(/\/\/[^/@]*@/, "//");
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${parsed.search === "" ? "" : "?…"}`;
}

function parsedUrl(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
