import { type FSWatcher, statSync, watch } from "node:fs";
import { errorCode } from "../../base/errors.ts";

export interface DirectoryWatchOptions {
  /**
   * Something in the directory may have changed. Names are hints: a runtime may report another directory's,
   * or none.
   */
  onChange: (directory: string, name: string | undefined) => void;
  /** A directory cannot be watched; said once for each. */
  onError: (directory: string, error: unknown) => void;
}

/** inotify allows 8,192 for each user on small machines, and an editor wants some. */
const MOST = 2_000;

/**
 * Watches directories, not what is below them. One that is removed and made again is watched when it is added
 * again.
 */
export class DirectoryWatch implements Disposable {
  readonly #options: DirectoryWatchOptions;
  readonly #watched = new Map<string, { watcher: FSWatcher; inode: number }>();
  readonly #refused = new Set<string>();

  constructor(options: DirectoryWatchOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** @returns false when it is not there, or cannot be watched */
  add(directory: string): boolean {
    let inode: number;
    try {
      inode = statSync(directory).ino;
    } catch {
      this.#remove(directory);
      return false;
    }
    if (this.#watched.get(directory)?.inode === inode) return true;
    this.#remove(directory);
    if (this.#watched.size >= MOST) {
      this.#refuse(directory, new Error(`${MOST} directories are watched already`));
      return false;
    }
    try {
      const watcher = watch(
        directory,
        { persistent: false },
        (_, name) => this.#options.onChange(directory, name ?? undefined),
      );
      watcher.on("error", (error) => {
        this.#remove(directory);
        this.#refuse(directory, error);
      });
      this.#watched.set(directory, { watcher, inode });
      return true;
    } catch (error) {
      if (errorCode(error) !== "ENOENT") this.#refuse(directory, error);
      return false;
    }
  }

  [Symbol.dispose](): void {
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  #remove(directory: string): void {
    this.#watched.get(directory)?.watcher.close();
    this.#watched.delete(directory);
  }

  #refuse(directory: string, error: unknown): void {
    if (this.#refused.has(directory)) return;
    this.#refused.add(directory);
    this.#options.onError(directory, error);
  }
}
