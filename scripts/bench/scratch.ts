import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Directories for one benchmark, removed together at its end and not before: creating thousands of files on
 * ext4 after deleting as many takes ten times as long, and would be charged to the next round.
 */
export class Scratch implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), "haft-bench-"));

  /** A new directory; what earlier rounds wrote is on the disk before this returns. */
  directory(name: string): string {
    const path = mkdtempSync(join(this.#root, `${name}-`));
    spawnSync("sync");
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
