import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { pipeTokens } from "../base/paths.ts";
import { type FileLock, runtime } from "../runtime/mod.ts";
import { openRuntimeDirectory } from "./runtime_directory.ts";

/**
 * The lock of the process that may listen at the endpoint; undefined when another process has it.
 *
 * @throws {HaftError} when the endpoint's directory is not the user's alone
 */
export async function lockEndpoint(path: string): Promise<FileLock | undefined> {
  if (process.platform === "win32") return runtime.tryLock(await pipeLockFile(path));
  const directory = dirname(path);
  mkdirSync(dirname(directory), { recursive: true });
  openRuntimeDirectory(directory, { uid: process.getuid?.(), create: true });
  return runtime.tryLock(`${path}.lock`);
}

/** A pipe has no directory to put a lock into. */
async function pipeLockFile(path: string): Promise<string> {
  const { pipeFile } = await import("./pipe_token.ts");
  const directory = pipeTokens({ env: process.env, home: homedir() });
  mkdirSync(directory, { recursive: true });
  return pipeFile(directory, path, "lock");
}
