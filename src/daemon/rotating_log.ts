import { appendFileSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { makePrivateDirectory } from "../base/private_directory.ts";
import { setAsideUnlessFile } from "../base/set_aside.ts";
import { readTextFile } from "../base/read_text_file.ts";

/**
 * A log file that is renamed to `<path>.1` when it is full, `.1` to `.2`, and so on; the oldest is dropped.
 */
export class RotatingLog {
  readonly path: string;
  readonly #maxBytes: number;
  readonly #files: number;
  readonly #now: () => Date;
  #bytes: number;

  /** @param files how many there are at most, the current one included */
  constructor(
    path: string,
    { maxBytes = 10 * 1024 * 1024, files = 5, now = () => new Date() }: {
      maxBytes?: number;
      files?: number;
      now?: () => Date;
    } = {},
  ) {
    this.path = path;
    this.#maxBytes = maxBytes;
    this.#files = files;
    this.#now = now;
    makePrivateDirectory(dirname(path));
    setAsideUnlessFile(path);
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Adds one line, with the time in front. A log that cannot be written must not stop the daemon. */
  write(text: string): void {
    const line = `${this.#now().toISOString()} ${text.replaceAll("\n", "\n  ")}\n`;
    try {
      if (this.#bytes > 0 && this.#bytes + line.length > this.#maxBytes) this.#rotate();
      appendFileSync(this.path, line, { mode: 0o600 });
      this.#bytes += line.length;
    } catch {
      // Nowhere to say it.
    }
  }

  /** The last lines of the current file. */
  tail(lines: number): string[] {
    try {
      return readTextFile(this.path).trimEnd().split("\n").slice(-lines);
    } catch {
      return [];
    }
  }

  #rotate(): void {
    for (let index = this.#files - 2; index >= 0; index--) {
      const from = index === 0 ? this.path : `${this.path}.${index}`;
      if (statSync(from, { throwIfNoEntry: false }) !== undefined) {
        renameSync(from, `${this.path}.${index + 1}`);
      }
    }
    this.#bytes = 0;
  }
}
