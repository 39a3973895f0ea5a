import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { openSync } from "node:fs";
import { dirname } from "node:path";
import { withUsersUmask } from "../base/umask.ts";
import { makePrivateDirectory } from "../base/private_directory.ts";
import type { Exit } from "./exit.ts";
import { noteExit } from "./known_exits.ts";
import type { ProcessIdentity, ProcessTable } from "./process_table.ts";
import { startError } from "./start_error.ts";

export interface SpawnDetachedOptions {
  /** Absolute path. */
  file: string;
  args: readonly string[];
  /** The last argument is already quoted for Windows' command processor. */
  verbatim?: boolean;
  cwd: string;
  env: Readonly<Record<string, string>>;
  stdio: StdioOptions;
  uid?: number | undefined;
  gid?: number | undefined;
}

export interface DetachedProcess {
  child: ChildProcess;
  identity: ProcessIdentity;
  /** Resolves when the process itself has ended; others of its group may live on. */
  exited: Promise<Exit>;
}

/**
 * Starts a process in a new session, which outlives this one.
 *
 * @throws {HaftError} naming the path, when it cannot be started
 */
export function spawnDetached(
  { file, args, verbatim = false, cwd, env, stdio, uid, gid }: SpawnDetachedOptions,
  table: ProcessTable,
): Promise<DetachedProcess> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd,
      env: { ...env },
      detached: true,
      stdio,
      windowsHide: true,
      windowsVerbatimArguments: verbatim,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    };
    const child = withUsersUmask(() => spawn(file, args, options));
    child.once("error", (error) => reject(startError({ file, cwd }, error)));
    const { pid } = child;
    if (pid === undefined) return;
    // One that has ended already may be out of the table: it is then never signalled, and its end is on the
    // way.
    const identity = { pid, startTime: table.find(pid)?.startTime ?? "", bootId: table.bootId() };
    const exited = new Promise<Exit>((ended) =>
      child.once("exit", (code, signal) => {
        noteExit(identity, { code, signal });
        ended({ code, signal });
      })
    );
    resolve({ child, identity, exited });
  });
}

/** Opens a file of output. By O_APPEND each write goes to its end, whatever happens to the file's length. */
export function openOutput(path: string): number {
  try {
    return openSync(path, "a", 0o600);
  } catch {
    makePrivateDirectory(dirname(path));
    return openSync(path, "a", 0o600);
  }
}
