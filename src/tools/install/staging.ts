import { mkdirSync, rmSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { StorePaths } from "../store/store.ts";
import { stagingName } from "../store/store_names.ts";
import { makeDirectory } from "../../base/private_directory.ts";

/**
 * A fresh directory for one attempt at an installation, on the store's file system. Removed when disposed,
 * unless it was renamed into the store by then; if the process dies, the next install removes it.
 */
export class Staging implements Disposable {
  readonly path: string;

  constructor(paths: StorePaths, installation: string) {
    makeDirectory(paths.staging);
    this.path = join(paths.staging, stagingName(installation, randomUUID()));
    mkdirSync(this.path, { mode: 0o755 });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
