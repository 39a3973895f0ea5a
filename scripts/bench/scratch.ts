import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

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

  /**
   * A copy of a program. How a file was written decides how it lies in the page cache, which is up to a fifth
   * of what starting it costs: programs that are compared are all copied.
   */
  copyOf(program: string): string {
    const path = join(this.directory("copy"), basename(program));
    copyFileSync(program, path);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
