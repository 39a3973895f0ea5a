/**
 * The projects that haft has installed tools for, one small file each in the state directory. They say what
 * of the store is still needed.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { sha256 } from "../../base/sha256.ts";

function directoryOf({ state }: Pick<Paths, "state">): string {
  return join(state, "projects");
}

/** Where a directory is remembered. */
export function knownProjectPath(root: string, paths: Pick<Paths, "state">): string {
  return join(directoryOf(paths), sha256(root).slice(0, 32));
}

/** Remembers a directory. One that cannot be written down costs its tools a second download, no more. */
export function rememberProject(root: string, paths: Pick<Paths, "state">): void {
  const path = knownProjectPath(root, paths);
  if (existsSync(path)) return;
  try {
    writeAtomic(path, `${root}\n`, { mode: 0o600 });
  } catch {
    // As said.
  }
}

/** The directories that are still there; those that are gone are forgotten. */
export function knownProjects(paths: Pick<Paths, "state">): string[] {
  const directory = directoryOf(paths);
  return fileNames(directory).flatMap((name) => {
    const root = readTextFile(join(directory, name)).trimEnd();
    if (existsSync(root)) return [root];
    rmSync(join(directory, name), { force: true });
    return [];
  }).sort();
}

function fileNames(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^[0-9a-f]{32}$/.test(name));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
