import type { Paths } from "../../base/paths.ts";
import { Store, storeDirectory } from "../../tools/store/store.ts";
import { DirectoryWatch, type DirectoryWatchOptions } from "./directory_watch.ts";
import { makeDirectory } from "../../base/private_directory.ts";

/** One version of a tool in the store. */
export interface Installation {
  runtime: string;
  version: string;
  path: string;
}

export interface StoreWatchOptions extends Pick<DirectoryWatchOptions, "onError"> {
  onInstalled: (installation: Installation) => void;
  onRemoved: (installation: Installation) => void;
}

/** Milliseconds between two looks: many changes come together. */
const SETTLE_MS = 20;

/** Tells what comes into the store and what leaves it, whichever process does it. */
export class StoreWatch implements Disposable {
  readonly #paths: Paths;
  readonly #options: StoreWatchOptions;
  readonly #directories: DirectoryWatch;
  #known: Map<string, Installation>;
  #due: ReturnType<typeof setTimeout> | undefined;
  /** By `performance.now()`. */
  #lookedAt = -Infinity;

  constructor(paths: Paths, options: StoreWatchOptions) {
    this.#paths = paths;
    this.#options = options;
    this.#directories = new DirectoryWatch({
      onError: options.onError,
      onChange: () => this.#due ??= setTimeout(() => this.look(), this.#wait()),
    });
    makeDirectory(paths.store);
    this.#known = this.#list();
  }

  /** Looks now, without waiting for the file system's notice. */
  look(): void {
    clearTimeout(this.#due);
    this.#due = undefined;
    const now = this.#list();
    this.#lookedAt = performance.now();
    const before = this.#known;
    this.#known = now;
    for (const [path, installation] of now) {
      if (!before.has(path)) this.#options.onInstalled(installation);
    }
    for (const [path, installation] of before) {
      if (!now.has(path)) this.#options.onRemoved(installation);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#due);
    this.#directories[Symbol.dispose]();
  }

  /** After a while of quiet none: what is installed and removed at once is told, too. */
  #wait(): number {
    return performance.now() - this.#lookedAt > SETTLE_MS ? 0 : SETTLE_MS;
  }

  /** Watches first and lists then: what comes in between is seen twice, and nothing is missed. */
  #list(): Map<string, Installation> {
    const store = new Store(this.#paths);
    this.#directories.add(this.#paths.store);
    for (const id of store.ids()) this.#directories.add(storeDirectory(this.#paths, id));
    return new Map(
      store.list().map(({ receipt: { tool, version }, directory: path }) => [
        path,
        { runtime: tool, version, path },
      ]),
    );
  }
}
