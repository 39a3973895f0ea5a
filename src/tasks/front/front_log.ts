import { closeSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import type { FrontJournal } from "./front_files.ts";

/** The file that keeps what a task in front prints, byte for byte. */
export class FrontLog implements Disposable {
  readonly #path: string;
  readonly #journal: FrontJournal;
  #file: number | undefined;
  #failed = false;

  constructor(path: string, journal: FrontJournal) {
    this.#path = path;
    this.#journal = journal;
  }

  /** A log that cannot be written, on a full disk for example, does not stop the output itself. */
  write(chunk: Uint8Array): void {
    if (this.#failed) return;
    const written = this.#journal.keep(() => {
      // Made with the first output: most small tasks print nothing.
      this.#file ??= this.#open();
      for (let at = 0; at < chunk.length;) at += writeSync(this.#file, chunk, at);
      return true;
    });
    this.#failed = written === undefined;
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): number {
    makePrivateDirectory(dirname(this.#path));
    return openSync(this.#path, "a", 0o600);
  }
}
