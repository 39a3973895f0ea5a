import { lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { HaftError } from "../base/errors.ts";
import { writeAtomic } from "../base/write_atomic.ts";
import { readTextFile } from "../base/read_text_file.ts";

/** Where clients of packages/ipc look for the path of the server's socket. */
export function discoveryFile(tmpdir: string): string {
  return join(tmpdir, "roo-code-socket-path");
}

/**
 * Writes where the server listens. Disposing takes the file away, unless another server has written it since.
 *
 * @throws {HaftError} when the file is another user's
 */
export function announce(socket: string, tmpdir: string): Disposable {
  const file = discoveryFile(tmpdir);
  const seen = lstatSync(file, { throwIfNoEntry: false });
  const own = process.getuid?.();
  if (seen !== undefined && own !== undefined && seen.uid !== own) {
    throw new HaftError(`Cannot write "${file}": it belongs to another user`);
  }
  writeAtomic(file, socket, { mode: 0o600, durable: false });
  return {
    [Symbol.dispose]() {
      try {
        if (readTextFile(file) === socket) rmSync(file);
      } catch {
        // It is gone.
      }
    },
  };
}
