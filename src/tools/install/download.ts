import { errorMessage, HaftError } from "../../base/errors.ts";
import { HttpError, printableUrl, statusError } from "../http/http_error.ts";
import { failpoint } from "./failpoint.ts";
import type { ArtifactHttp, ArtifactResponse } from "./artifact_http.ts";
import type { PartFile } from "./part_file.ts";

/** The bytes that were handed on so far are not the beginning of what the server has now: begin again. */
export class RestartDownload extends HaftError {
  override readonly name = "RestartDownload";
}

export interface DownloadOptions {
  url: string;
  /** Credentials for the address. */
  headers: Record<string, string>;
  http: ArtifactHttp;
  signal: AbortSignal;
  maxBytes: number;
  /** How often each request is made where it fails; by default what the client does. */
  attempts?: number;
  /** After every chunk; `total` is null while the server has not said it. */
  onProgress: (progress: { bytes: number; total: number | null }) => void;
}

/** A connection that breaks again and again is given up; each time the download goes on where it stopped. */
const MAX_BREAKS = 8;

/**
 * The artifact's bytes in order: first those that the part file has, then the rest from the server, each kept
 * in the part file before it is handed on. A connection that breaks is taken up again at the same byte,
 * unseen by the consumer.
 *
 * @throws {RestartDownload} when the server cannot go on where the part file ends; the part file is then
 * empty.
 * @throws {HaftError} when the server refuses, sends too much, or keeps breaking off; the part file keeps
 * what came.
 */
export async function* download(part: PartFile, options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const { url, signal, onProgress } = options;
  if (part.source !== undefined && part.source.url !== url) part.restart();
  let handed = 0;
  for (const chunk of part.chunks()) {
    handed += chunk.length;
    onProgress({ bytes: handed, total: part.source?.total ?? null });
    yield chunk;
  }
  for (let breaks = 0; !part.complete; breaks++) {
    signal.throwIfAborted();
    const response = await request(part, options);
    try {
      for await (const chunk of untilBroken(response.body)) {
        if (part.size + chunk.length > options.maxBytes) throw tooLarge(options);
        const total = part.source?.total ?? null;
        if (total !== null && part.size + chunk.length > total) throw longerThanSaid(part, options);
        part.append(chunk);
        failpoint("mid-download");
        onProgress({ bytes: part.size, total });
        yield chunk;
      }
      // Without a stated length, the end of the body is the end of the artifact; the hash will tell.
      if (part.source?.total === null) return;
      if (!part.complete && breaks >= MAX_BREAKS) throw brokenOff(part, options);
    } catch (error) {
      if (!(error instanceof BrokenConnection)) throw error;
      signal.throwIfAborted();
      if (breaks >= MAX_BREAKS || part.source?.total === null) throw brokenOff(part, options, error.cause);
    } finally {
      await response.cancel().catch(() => {});
    }
  }
}

/** Sends the request for what is missing and checks that the answer is that. */
async function request(part: PartFile, options: DownloadOptions): Promise<ArtifactResponse> {
  const { url, http, signal, maxBytes, attempts } = options;
  const headers: Record<string, string> = { ...options.headers, "accept-encoding": "identity" };
  if (part.size > 0) {
    headers["range"] = `bytes=${part.size}-`;
    const etag = part.source?.etag ?? null;
    // A weak validator may not be used here (RFC 9110, 13.1.5). Without one, the hash at the end decides.
    if (etag !== null && !etag.startsWith("W/")) headers["if-range"] = etag;
  }
  failpoint("before-download");
  const response = await http.get(url, {
    headers,
    signal,
    maxBytes,
    ...attempts === undefined ? {} : { attempts },
  });
  if (response.status === 200 && part.size === 0) {
    part.begin({ url, etag: response.headers.get("etag"), total: contentLength(response.headers) });
    return response;
  }
  if (response.status === 206 && part.size > 0 && rangeStart(response.headers) === part.size) {
    const total = rangeTotal(response.headers) ?? part.source?.total ?? null;
    part.begin({ url, etag: part.source?.etag ?? null, total });
    return response;
  }
  await response.cancel().catch(() => {});
  if (part.size > 0 && [200, 206, 412, 416].includes(response.status)) {
    part.restart();
    throw new RestartDownload(
      `The download of ${printableUrl(url)} broke off, and the server does not go on where it stopped`,
      { next: "Run the command again: it begins anew" },
    );
  }
  throw statusError({ status: response.status, url });
}

function contentLength(headers: Headers): number | null {
  const text = headers.get("content-length") ?? "";
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
}

const CONTENT_RANGE = /^bytes ([0-9]{1,15})-[0-9]{1,15}\/([0-9]{1,15}|\*)$/;

function rangeStart(headers: Headers): number | undefined {
  const match = CONTENT_RANGE.exec(headers.get("content-range") ?? "");
  return match === null ? undefined : Number(match[1]);
}

function rangeTotal(headers: Headers): number | undefined {
  const total = CONTENT_RANGE.exec(headers.get("content-range") ?? "")?.[2];
  return total === undefined || total === "*" ? undefined : Number(total);
}

/** The body ended with an error: the connection broke, or stalled. */
class BrokenConnection extends Error {}

/** The body's chunks. Marks its own errors, so that a consumer's errors are not taken for them. */
async function* untilBroken(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    // The client's verdict on the body, such as its size, does not change by asking again.
    if (cause instanceof HttpError && cause.kind !== "broken" && cause.kind !== "stalled") throw cause;
    throw new BrokenConnection("the connection broke", { cause });
  }
}

function brokenOff(part: PartFile, { url }: DownloadOptions, cause?: unknown): HaftError {
  const size = part.source?.total ?? null;
  const got = size === null ? `${part.size} bytes` : `${part.size} of ${size} bytes`;
  const why = cause === undefined ? "" : ` (${errorMessage(cause)})`;
  return new HaftError(`The download of ${printableUrl(url)} broke off after ${got}${why}`, {
    next: "Run the command again: it goes on where it stopped",
    cause,
  });
}

function tooLarge({ url, maxBytes }: DownloadOptions): HaftError {
  return new HaftError(`Cannot download ${printableUrl(url)}: it is larger than ${maxBytes} bytes`);
}

function longerThanSaid(part: PartFile, { url }: DownloadOptions): HaftError {
  part.restart();
  return new HaftError(`Cannot download ${printableUrl(url)}: the server sent more bytes than it said`, {
    next: "Try again later, or through another registry",
  });
}
