import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";

/** How a request goes wrong. */
export type Fault =
  | { kind: "status"; status: number; headers?: OutgoingHttpHeaders }
  /** Takes the request and never answers. */
  | { kind: "silence" }
  /** Closes the connection instead of answering. */
  | { kind: "hang-up" }
  /** A web page with status 200, as login pages of networks do. */
  | { kind: "html" }
  /** States the whole length, and closes the connection after so many bytes. */
  | { kind: "truncate"; at: number }
  /** The body never ends. */
  | { kind: "endless" }
  /** Other bytes of the same length. */
  | { kind: "wrong-bytes" }
  /** So many bytes at a time. */
  | { kind: "drip"; bytes: number; everyMs: number }
  | { kind: "redirect"; to: string; status?: number }
  /** Redirects between two addresses. */
  | { kind: "redirect-loop" }
  /** Redirects to ever new addresses. */
  | { kind: "redirect-forever" };

/** What is served where nothing goes wrong. */
export interface Body {
  status: number;
  type: string;
  bytes: Uint8Array;
}

export interface Served {
  request: IncomingMessage;
  response: ServerResponse;
  body: Body;
  fault: Fault | undefined;
  settings: { etags: boolean; lastModified: boolean; ranges: boolean };
}

/** An endless body ends here all the same, should a test forget it. */
const ENDLESS_BYTES = 512 * 1024 * 1024;
const LAST_MODIFIED = "Sat, 01 Jun 2024 00:00:00 GMT";

export function serve(served: Served): void {
  const { request, response, body, fault } = served;
  switch (fault?.kind) {
    case undefined:
      return serveBody(served);
    case "status":
      return end(response, fault.status, { ...fault.headers }, "{}");
    case "silence":
      return;
    case "hang-up":
      request.socket.destroy();
      return;
    case "html":
      return end(response, 200, { "content-type": "text/html" }, "<!DOCTYPE html><title>Sign in</title>");
    case "truncate":
      response.writeHead(body.status, { "content-type": body.type, "content-length": body.bytes.length });
      response.write(Buffer.from(body.bytes.subarray(0, fault.at)), () => request.socket.destroy());
      return;
    case "endless":
      response.writeHead(200, { "content-type": body.type });
      return pump(response);
    case "wrong-bytes":
      return end(response, 200, { "content-type": body.type }, body.bytes.map((byte) => byte ^ 0x55));
    case "drip":
      response.writeHead(body.status, { "content-type": body.type, "content-length": body.bytes.length });
      return drip(response, body.bytes, fault);
    case "redirect":
      return end(response, fault.status ?? 302, { location: fault.to }, "");
    case "redirect-loop":
      return end(response, 302, { location: request.url?.includes("?b") ? "?a" : "?b" }, "");
    case "redirect-forever": {
      const step = Number(/\?(\d+)$/.exec(request.url ?? "")?.[1] ?? 0);
      return end(response, 302, { location: `?${step + 1}` }, "");
    }
  }
}

function serveBody({ request, response, body, settings }: Served): void {
  const headers: OutgoingHttpHeaders = { "content-type": body.type };
  const etag = `"${createHash("sha256").update(body.bytes).digest("hex").slice(0, 16)}"`;
  if (body.status === 200) {
    if (settings.etags) headers["etag"] = etag;
    if (settings.lastModified) headers["last-modified"] = LAST_MODIFIED;
    const unchanged = (settings.etags && request.headers["if-none-match"] === etag) ||
      (settings.lastModified && request.headers["if-modified-since"] === LAST_MODIFIED);
    if (unchanged) return end(response, 304, headers, "");
  }
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
  const ifRange = request.headers["if-range"];
  if (
    settings.ranges && body.status === 200 && range !== null && (ifRange === undefined || ifRange === etag)
  ) {
    const start = Number(range[1]);
    const size = body.bytes.length;
    if (start >= size) return end(response, 416, { ...headers, "content-range": `bytes */${size}` }, "");
    headers["content-range"] = `bytes ${start}-${size - 1}/${size}`;
    return end(response, 206, headers, body.bytes.subarray(start));
  }
  end(response, body.status, headers, body.bytes);
}

function end(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  content: string | Uint8Array,
): void {
  const bytes = Buffer.from(content);
  const length = status === 304 ? {} : { "content-length": bytes.length };
  response.writeHead(status, { ...headers, ...length });
  response.end(bytes);
}

function pump(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, "x");
  let sent = 0;
  const more = () => {
    while (!response.destroyed && sent < ENDLESS_BYTES) {
      sent += chunk.length;
      if (!response.write(chunk)) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  more();
}

function drip(
  response: ServerResponse,
  bytes: Uint8Array,
  { bytes: size, everyMs }: { bytes: number; everyMs: number },
): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (response.destroyed || sent >= bytes.length) {
      clearInterval(timer);
      response.end();
      return;
    }
    response.write(Buffer.from(bytes.subarray(sent, sent + size)));
    sent += size;
  }, everyMs);
  response.once("close", () => clearInterval(timer));
}
