import { existsSync, type FSWatcher, statSync, watch } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { errorMessage } from "../base/errors.ts";
import type { Clock } from "../process/clock.ts";
import { fixedPart, isMatched, plainPattern, type WatchPatterns } from "./watch_patterns.ts";

export interface FileWatchOptions {
  /** The project's directory. */
  root: string;
  patterns: WatchPatterns;
  /** Milliseconds without a further change: editors and builds write several files. */
  delay: number;
  /** Whether the file of an absolute path is a log of haft's: those never count. */
  isLog: (path: string) => boolean;
  clock: Clock;
  onChange: (file: string) => void;
  onProblem: (text: string) => void;
}

/** Calls when a file changes whose path, from the project's directory, matches. */
export class FileWatch implements Disposable {
  readonly #options: FileWatchOptions;
  /** Watched directory, from the root → its watcher. */
  readonly #watchers = new Map<string, FSWatcher>();
  #quiet: Disposable | undefined;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    const directories = options.patterns.paths.map((pattern) => {
      const plain = plainPattern(pattern);
      return isDirectory(resolve(options.root, plain)) ? plain : fixedPart(pattern);
    });
    for (const directory of new Set(directories)) this.#watch(directory);
  }

  [Symbol.dispose](): void {
    this.#quiet?.[Symbol.dispose]();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** A directory that is not there, or goes away, is waited for in the one above it. */
  #watch(directory: string): void {
    const base = resolve(this.#options.root, directory);
    if (isDirectory(base)) {
      return this.#open(directory, base, { recursive: true }, (name) => {
        if (name !== "") this.#changed(join(directory, name));
        if (!isDirectory(base)) this.#again(directory);
      });
    }
    this.#open(directory, nearestAbove(base), { recursive: false }, () => {
      if (!isDirectory(base)) return this.#again(directory);
      this.#again(directory);
      // What it holds came with it.
      this.#changed(directory, { isNew: true });
    });
  }

  #again(directory: string): void {
    this.#watchers.get(directory)?.close();
    this.#watchers.delete(directory);
    this.#watch(directory);
  }

  #open(
    directory: string,
    base: string,
    { recursive }: { recursive: boolean },
    onEvent: (name: string) => void,
  ): void {
    const { onProblem } = this.#options;
    try {
      const watcher = watch(base, { recursive, persistent: false }, (_, name) => {
        if (this.#watchers.get(directory) === watcher) onEvent(String(name ?? ""));
      });
      watcher.on("error", (error) => onProblem(`Cannot watch "${base}": ${error.message}`));
      this.#watchers.set(directory, watcher);
    } catch (error) {
      onProblem(`Cannot watch "${base}": ${errorMessage(error)}`);
    }
  }

  #changed(path: string, { isNew = false } = {}): void {
    const { root, patterns, delay, isLog, clock, onChange } = this.#options;
    const file = path.replaceAll(sep, "/");
    if (isLog(resolve(root, path))) return;
    if (!isNew && !isMatched(file, patterns)) return;
    this.#quiet?.[Symbol.dispose]();
    this.#quiet = clock.after(delay, () => onChange(file));
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function nearestAbove(path: string): string {
  const above = dirname(path);
  return existsSync(above) || above === path ? above : nearestAbove(above);
}
