import { errorCode, errorMessage } from "../../base/errors.ts";
import { HttpError, type HttpErrorKind } from "./http_error.ts";

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
export function explainFailure(error: unknown, url: string | URL): HttpError {
  if (error instanceof HttpError) return error;
  // Both clients repeat the address in their messages: its words are no signs, and its query is nobody's business.
  const text = details(error).replaceAll(/\bfor url \([^)]*\)|\bhttps?:\/\/\S+/g, "");
  for (const [sign, kind, reason] of SIGNS) {
    if (!sign.test(text)) continue;
    return new HttpError(kind === "tls" ? reason + certificateDetail(text) : reason, {
      kind,
      url,
      cause: error,
    });
  }
  return new HttpError(`the request failed: ${text.trim()}`, { kind: "broken", url, cause: error });
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
