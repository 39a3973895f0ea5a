import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { explainFailure, type HttpErrorKind, printableUrl } from "../../../../src/tools/http/http_error.ts";

const URL_TEXT = "https://tls.cert.example/closed?token=secret";

/** As Deno throws it. */
function deno(message: string): Error {
  const cause = new Error(`error sending request for url (${URL_TEXT}): client error (Connect): ${message}`);
  return new TypeError("fetch failed", { cause });
}

/** As Bun throws it. */
function bun(code: string, message: string): Error {
  return Object.assign(new TypeError(message), { code });
}

const ROWS: [Error, HttpErrorKind, says: string][] = [
  [deno("tcp connect error: Connection refused (os error 111)"), "refused", "refused"],
  [bun("ECONNREFUSED", "Unable to connect. Is the computer able to access the url?"), "refused", "refused"],
  [deno("dns error: failed to lookup address information: Name or service not known"), "dns", "host name"],
  [bun("ENOTFOUND", "getaddrinfo ENOTFOUND tls.cert.example"), "dns", "host name"],
  [deno("invalid peer certificate: UnknownIssuer"), "tls", "not from an authority"],
  [bun("DEPTH_ZERO_SELF_SIGNED_CERT", "self signed certificate"), "tls", "not from an authority"],
  [bun("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate"), "tls", "authority"],
  [deno('invalid peer certificate: certificate not valid for name "x"'), "tls", "for another name"],
  [bun("ERR_TLS_CERT_ALTNAME_INVALID", `fetching "${URL_TEXT}"`), "tls", "for another name"],
  [deno("invalid peer certificate: Expired"), "tls", "has expired"],
  [deno("received corrupt message of type InvalidContentType"), "tls", "TLS"],
  [bun("EPROTO", "The TLS handshake failed"), "tls", "TLS"],
  [deno("proxy authentication required"), "proxy", "the proxy refuses"],
  [bun("ERR_PROXY_TUNNEL", "Proxy refused to open a tunnel: 407"), "proxy", "the proxy refuses"],
  [bun("ECONNRESET", "The socket connection was closed unexpectedly"), "broken", "broke"],
  [new TypeError("error reading a body from connection"), "broken", "broke"],
  [deno("tcp connect error: Network is unreachable (os error 101)"), "broken", "cannot be reached"],
  [deno("tcp connect error: Connection timed out (os error 110)"), "broken", "timed out"],
  [new TypeError(`something new at ${URL_TEXT}`), "broken", "something new"],
];

for (const [error, kind, says] of ROWS) {
  const text = [error.message, error.cause instanceof Error ? error.cause.message : ""].join(" ");
  Deno.test(`explainFailure() reads "${text.trim().replaceAll(URL_TEXT, "URL")}"`, () => {
    const explained = explainFailure(error, URL_TEXT);
    assertEquals(explained.kind, kind);
    assertStringIncludes(explained.message, says);
    assertStringIncludes(explained.message, "https://tls.cert.example/closed?…");
    assert(!explained.message.includes("secret"));
    assertEquals(explained.cause, error);
  });
}

Deno.test("printableUrl() leaves out credentials, query and fragment", () => {
  const rows = [
    ["https://user:pass@h.example:8443/a/b?token=1#frag", "https://h.example:8443/a/b?…"],
    ["http://h.example/", "http://h.example/"],
    ["not an address//user:pass@x?token=1", "not an address//x"],
  ];
  for (const [url = "", expected] of rows) assertEquals(printableUrl(url), expected);
});
