import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { looksOf } from "../../tools/project/fingerprint.ts";
import type { Fingerprints } from "../../tools/project/looks.ts";
import { DirectoryWatch, type DirectoryWatchOptions } from "./directory_watch.ts";

export interface ConfigWatchOptions extends Pick<DirectoryWatchOptions, "onError"> {
  /** The file was changed, made or removed. */
  onChange: (path: string) => void;
}

/** An editor writes a file in several steps; those that follow the first are looked at together. */
const SETTLE_MS = 20;

/**
 * Tells when a file that decides what runs in a project changes, is made or goes. It reports a change at
 * once. A file that is gone or empty may be half written, so that is told only if it still holds after a
 * moment.
 */
export class ConfigWatch implements Disposable {
  readonly #options: ConfigWatchOptions;
  readonly #directories: DirectoryWatch;
  /** Directory → what its files looked like. */
  readonly #known = new Map<string, Fingerprints>();
  readonly #due = new Map<string, { timer: ReturnType<typeof setTimeout>; told: boolean }>();

  constructor(options: ConfigWatchOptions) {
    this.#options = options;
    this.#directories = new DirectoryWatch({
      onError: options.onError,
      onChange: (directory, name) => this.#schedule(directory, name),
    });
  }

  /** Watches these files, whether they are there or not; those that are watched already stay so. */
  add(files: readonly string[]): void {
    for (const [directory, paths] of Map.groupBy(files, dirname)) {
      if (!this.#directories.add(directory)) continue;
      this.#known.set(directory, { ...looksOf(paths), ...this.#known.get(directory) });
    }
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#due.values()) clearTimeout(timer);
    this.#directories[Symbol.dispose]();
  }

  #schedule(directory: string, name: string | undefined): void {
    const known = this.#known.get(directory);
    if (known === undefined) return;
    if (name !== undefined && !Object.keys(known).some((path) => basename(path) === name)) return;
    const due = this.#due.get(directory) ?? { timer: this.#lookLater(directory), told: false };
    this.#due.set(directory, due);
    // An event says at once that a file which was empty has something; further steps wait.
    due.told ||= this.#look(directory, hasContent);
  }

  #lookLater(directory: string): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      this.#due.delete(directory);
      this.#look(directory);
    }, SETTLE_MS);
  }

  /**
   * @param isWhole whether a changed file can be told now
   * @returns whether one was
   */
  #look(directory: string, isWhole: (path: string) => boolean = () => true): boolean {
    const known = this.#known.get(directory) ?? {};
    const now = looksOf(Object.keys(known));
    let told = false;
    for (const path in now) {
      if (now[path] === known[path] || !isWhole(path)) continue;
      known[path] = now[path] ?? "";
      this.#options.onChange(path);
      told = true;
    }
    return told;
  }
}

function hasContent(path: string): boolean {
  try {
    return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
  } catch {
    return false;
  }
}
