import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { writeAtomic } from "../../base/write_atomic.ts";

/** An answer that was kept, with what is needed to ask whether it changed. */
export interface CacheEntry<T> {
  value: T;
  etag: string | null;
  lastModified: string | null;
  /** Milliseconds since the epoch. */
  fetchedAt: number;
}

/** Raised when the form of what is kept changes: older entries are then misses. */
const SCHEMA = 1;

/** One file an address, readable by the user alone. A file that cannot be read or understood is a miss. */
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
      return v.parse(Entry, JSON.parse(readFileSync(this.#path(url), "utf8")));
    } catch {
      return undefined;
    }
  }

  /** A cache that cannot be written (a full disk, a read-only home) makes haft slower, not wrong: no error. */
  write(url: string, { value, etag, lastModified, fetchedAt }: CacheEntry<unknown>): void {
    const text = JSON.stringify({ schema: SCHEMA, url, etag, lastModified, fetchedAt, value });
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeAtomic(this.#path(url), text, { mode: 0o600, durable: false });
    } catch {
      // As said.
    }
  }

  #path(url: string): string {
    return join(this.#directory, `${createHash("sha256").update(url).digest("hex").slice(0, 40)}.json`);
  }
}
