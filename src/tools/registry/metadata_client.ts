import { createHash } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import type { HaftError } from "../../base/errors.ts";
import { readOrSetAside } from "../../base/set_aside.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { HttpError, statusError } from "../http/http_error.ts";
import type { HttpClient, HttpResponse } from "../http/http_types.ts";
import { makeDirectory } from "../../base/private_directory.ts";

/** How long an answer without ETag and Last-Modified is good for, in milliseconds. */
const FRESH_MS = 10 * 60 * 1000;

export interface MetadataRequest<T> {
  url: string;
  /** Beside `accept`. */
  headers: Readonly<Record<string, string>>;
  accept: string;
  /** What cannot change is asked for once. */
  immutable: boolean;
  /** Ask for the whole document, whatever is kept of it. Default false. */
  whole?: boolean | undefined;
  /** Of what is kept. */
  schema: v.GenericSchema<unknown, T>;
  /** What `parse` is handed: the parsed JSON, or the text. Default `json`. */
  read?: "json" | "text" | undefined;
  /** Makes what is kept of what was served. @throws when it is not that */
  parse: (served: unknown) => T;
  signal?: AbortSignal | undefined;
}

export interface MetadataClientOptions {
  http: HttpClient;
  cache: MetadataCache;
  offline: boolean;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Documents that are kept, and asked for again only when they may have changed. */
export interface Documents {
  /** @returns undefined when the server has none */
  get<T>(request: MetadataRequest<T>): Promise<T | undefined>;
  /**
   * The hashes of a file that never changes, where its publisher tells none that proves anything: it is read
   * to its end, once.
   * @returns undefined when the server has none
   */
  hashes(
    request: Pick<MetadataRequest<never>, "url" | "headers" | "signal">,
  ): Promise<FileHashes | undefined>;
}

const FileHashes = v.object({ sha1: v.string(), sha256: v.string() });
/** Hexadecimal. */
export type FileHashes = v.InferOutput<typeof FileHashes>;

/** A client with its cache in a directory. */
export function createDocuments(
  { http, directory, offline }: { http: HttpClient; directory: string; offline: boolean },
): MetadataClient {
  return new MetadataClient({ http, cache: new MetadataCache(directory), offline, now: Date.now });
}

/** Documents by HTTP, through the cache. One request at a time for one address. */
export class MetadataClient implements Documents {
  readonly #options: MetadataClientOptions;
  readonly #inFlight = new Map<string, { signal: AbortSignal | undefined; promise: Promise<unknown> }>();

  constructor(options: MetadataClientOptions) {
    this.#options = options;
  }

  /**
   * The document, or undefined when the server has none (400, 404, 405, 410: registries differ in how they
   * say it).
   * @throws {HttpError} when it cannot be had
   * @throws whatever `parse` throws
   */
  async get<T>(request: MetadataRequest<T>): Promise<T | undefined> {
    const running = this.#inFlight.get(request.url);
    // A shared request would end with the other caller's signal.
    if (running !== undefined && running.signal === request.signal && request.whole !== true) {
      return await running.promise as T | undefined;
    }
    const promise = this.#get(request);
    this.#inFlight.set(request.url, { signal: request.signal, promise });
    try {
      return await promise;
    } finally {
      if (this.#inFlight.get(request.url)?.promise === promise) this.#inFlight.delete(request.url);
    }
  }

  async hashes(
    { url, headers, signal }: Pick<MetadataRequest<never>, "url" | "headers" | "signal">,
  ): Promise<FileHashes | undefined> {
    const { http, offline } = this.#options;
    // The same address may be a document as well.
    const key = `${url}#hashes`;
    const kept = this.kept(key, FileHashes);
    if (kept !== undefined) return kept;
    if (offline) throw notKept(url);
    const response = await http.get(url, { headers, ...(signal === undefined ? {} : { signal }) });
    if (response.status !== 200) return await absent(response);
    const [sha1, sha256] = [createHash("sha1"), createHash("sha256")];
    for await (const chunk of response.body) for (const hash of [sha1, sha256]) hash.update(chunk);
    const found = { sha1: sha1.digest("hex"), sha256: sha256.digest("hex") };
    this.keep(key, found);
    return found;
  }

  /** Keeps a document that was part of another answer. */
  keep(url: string, value: unknown): void {
    this.#options.cache.write(url, { value, etag: null, lastModified: null, fetchedAt: this.#options.now() });
  }

  /** What is kept for an address, however old. */
  kept<T>(url: string, schema: v.GenericSchema<unknown, T>): T | undefined {
    return this.#options.cache.read(url, schema)?.value;
  }

  async #get<T>(request: MetadataRequest<T>): Promise<T | undefined> {
    const { http, cache, offline, now } = this.#options;
    const { url, signal } = request;
    const kept = request.whole === true ? undefined : cache.read(url, request.schema);
    if (kept !== undefined && (request.immutable || offline)) return kept.value;
    if (offline) throw notKept(url);
    const conditions: Record<string, string> = {};
    if (kept?.etag != null) conditions["if-none-match"] = kept.etag;
    if (kept?.lastModified != null) conditions["if-modified-since"] = kept.lastModified;
    if (kept !== undefined && Object.keys(conditions).length === 0 && isFresh(kept.fetchedAt, now())) {
      return kept.value;
    }
    const response = await http.get(url, {
      headers: { accept: request.accept, ...request.headers, ...conditions },
      compressed: true,
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status === 304 && kept !== undefined) {
      await response.cancel();
      cache.write(url, { ...kept, fetchedAt: now() });
      return kept.value;
    }
    if (response.status !== 200) return await absent(response);
    const value = request.parse(request.read === "text" ? await response.text() : await response.json());
    cache.write(url, {
      value,
      etag: response.headers.get("etag"),
      lastModified: response.headers.get("last-modified"),
      fetchedAt: now(),
    });
    return value;
  }
}

/** A clock that was set back makes an entry stale, not eternal. */
function isFresh(fetchedAt: number, now: number): boolean {
  return now >= fetchedAt && now - fetchedAt < FRESH_MS;
}

async function absent(response: HttpResponse): Promise<undefined> {
  await response.cancel();
  if ([400, 404, 405, 410].includes(response.status)) return undefined;
  throw rateLimited(response) ?? statusError(response);
}

function notKept(url: string): HaftError {
  return new HttpError("haft is offline (--offline), and this is not in its cache", { kind: "offline", url });
}

/** An answer that was kept, with what is needed to ask whether it changed. */
export interface CacheEntry<T> {
  value: T;
  etag: string | null;
  lastModified: string | null;
  /** Milliseconds since the epoch. */
  fetchedAt: number;
}

/** Raised when the form of what is kept changes: older entries are then misses. */
const SCHEMA = 2;

/** What entries of every form have. */
const AnyEntry = v.looseObject({ schema: v.number(), url: v.string() });

/**
 * One file an address, readable by the user alone. What cannot be read is a miss; what cannot be understood
 * is set aside, too.
 */
export class MetadataCache {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  read<T>(url: string, schema: v.GenericSchema<unknown, T>): CacheEntry<T> | undefined {
    const Entry = v.object({
      schema: v.literal(SCHEMA),
      url: v.literal(url),
      etag: v.nullable(v.string()),
      lastModified: v.nullable(v.string()),
      fetchedAt: v.number(),
      value: schema,
    });
    try {
      const kept = readOrSetAside(this.#path(url), (text) => v.parse(AnyEntry, JSON.parse(text)));
      const entry = v.safeParse(Entry, kept);
      return entry.success ? entry.output : undefined;
    } catch {
      // The system refuses to read it.
      return undefined;
    }
  }

  /**
   * A cache that cannot be written (a full disk, a read-only home) makes haft slower, not wrong: no error.
   */
  write(url: string, { value, etag, lastModified, fetchedAt }: CacheEntry<unknown>): void {
    const text = JSON.stringify({ schema: SCHEMA, url, etag, lastModified, fetchedAt, value });
    try {
      makeDirectory(this.#directory, { mode: 0o700 });
      writeAtomic(this.#path(url), text, { mode: 0o600, durable: false });
    } catch {
      // As said.
    }
  }

  #path(url: string): string {
    return join(this.#directory, `${createHash("sha256").update(url).digest("hex").slice(0, 40)}.json`);
  }
}

/** A server that counts requests says when it answers again. */
function rateLimited({ status, url, headers }: HttpResponse): HttpError | undefined {
  const reset = Number(headers.get("x-ratelimit-reset"));
  if (headers.get("x-ratelimit-remaining") !== "0" || !(reset > 0)) return undefined;
  const when = new Date(reset * 1000).toISOString().slice(11, 16);
  return new HttpError(`its limit of requests is used up until ${when} UTC`, {
    kind: "status",
    url,
    status,
    next: "Wait until then, or raise the limit with a token in GITHUB_TOKEN",
  });
}
