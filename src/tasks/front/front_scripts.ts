import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePrivateDirectory } from "../../base/private_directory.ts";

/** Where texts that begin with `#!` become files, and what takes the directory away where it is temporary. */
export interface ScriptsDirectory extends Disposable {
  path: string;
}

/** Below haft's own state; a temporary directory where that cannot be written. */
export function scriptsDirectory(tasks: string): ScriptsDirectory {
  const path = join(tasks, "scripts");
  try {
    makePrivateDirectory(path);
    return { path, [Symbol.dispose]() {} };
  } catch {
    const temporary = mkdtempSync(join(tmpdir(), "haft-scripts-"));
    return {
      path: temporary,
      [Symbol.dispose]: () => rmSync(temporary, { recursive: true, force: true }),
    };
  }
}
