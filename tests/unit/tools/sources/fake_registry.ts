import { HttpError } from "../../../../src/tools/http/http_error.ts";
import type { Documents, MetadataRequest } from "../../../../src/tools/registry/metadata_client.ts";
import type { MetadataRegistry, VersionManifest } from "../../../../src/tools/sources/source.ts";
import { sha512 } from "../lockfile/fixtures.ts";

/** What a package's version says of itself, beside its name and number. */
export type PackageFacts = Partial<Omit<VersionManifest, "name" | "version">>;

/** A registry's 404, as the real client reports it. */
export class NotFound extends Error {
  readonly status = 404;
}

/** A registry in memory that answers from a table and remembers what it was asked. */
export class FakeRegistry implements MetadataRegistry {
  readonly asked: string[] = [];
  readonly #packages: Record<string, Record<string, PackageFacts>>;
  readonly #tags: Record<string, Record<string, string>>;
  #open = 0;
  /** The most requests that were open at once. */
  peak = 0;

  constructor(
    packages: Record<string, Record<string, PackageFacts>>,
    tags: Record<string, Record<string, string>> = {},
  ) {
    this.#packages = packages;
    this.#tags = tags;
  }

  async packument(name: string) {
    await this.#answer(`packument ${name}`);
    const versions = this.#packages[name];
    if (versions === undefined) throw new NotFound(name);
    return { versions: Object.keys(versions), distTags: this.#tags[name] ?? {} };
  }

  async manifest(name: string, versionOrTag: string): Promise<VersionManifest> {
    await this.#answer(`manifest ${name} ${versionOrTag}`);
    const version = this.#tags[name]?.[versionOrTag] ?? versionOrTag;
    const facts = this.#packages[name]?.[version];
    if (facts === undefined) throw new NotFound(`${name}@${versionOrTag}`);
    return { name, version, dist: { integrity: sha512("A") }, ...facts };
  }

  async #answer(what: string): Promise<void> {
    this.asked.push(what);
    this.#open++;
    this.peak = Math.max(this.peak, this.#open);
    await Promise.resolve();
    await Promise.resolve();
    this.#open--;
  }
}

/** Documents from a table: address → text, or a status. */
export class FakeDocuments implements Documents {
  readonly asked: string[] = [];
  readonly #texts: Record<string, string | number>;

  constructor(texts: Record<string, string | number> = {}) {
    this.#texts = texts;
  }

  hashes(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  get<T>({ url, read, parse }: MetadataRequest<T>): Promise<T | undefined> {
    this.asked.push(url);
    const text = this.#texts[url];
    if (text === undefined) return Promise.resolve(undefined);
    if (typeof text === "number") {
      return Promise.reject(
        new HttpError(`the server answered ${text}`, { kind: "status", url, status: text }),
      );
    }
    return Promise.resolve().then(() => parse(read === "text" ? text : JSON.parse(text)));
  }
}
