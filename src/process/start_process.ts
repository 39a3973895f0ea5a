import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode, errorMessage, HaftError } from "../base/errors.ts";
import { requireDescriptors } from "./descriptors.ts";
import { hostProcessTable } from "./host_process_table.ts";
import { MARKER_VARIABLE, type ProcessIdentity } from "./process_table.ts";

export interface StartedProcess {
  child: ChildProcess;
  identity: ProcessIdentity;
  exited: Promise<{ code: number | null; signal: string | null }>;
}

export interface StartProcessOptions {
  /** Absolute path. */
  file: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** What the process prints is appended here. */
  log: string;
  /** Its stdin and stdout are ours to talk over. */
  pipes: boolean;
  /** Names the process among those that haft started. */
  marker: string;
}

/**
 * Starts a backend in a session of its own.
 *
 * @throws {HaftError} naming the path, when it cannot be started
 */
export function startProcess(options: StartProcessOptions): Promise<StartedProcess> {
  const { file, args, cwd, env, log, pipes, marker } = options;
  requireDescriptors(file);
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, "a", 0o600);
  try {
    return new Promise((resolve, reject) => {
      const child = spawn(file, args, {
        cwd,
        env: { ...env, [MARKER_VARIABLE]: `${marker}/0/${crypto.randomUUID()}` },
        detached: true,
        stdio: pipes ? ["pipe", "pipe", output] : ["ignore", output, output],
        windowsHide: true,
      });
      child.once("error", (error) => {
        reject(
          new HaftError(`Cannot run "${file}": ${errorCode(error) ?? errorMessage(error)}`, { cause: error }),
        );
      });
      const { pid } = child;
      if (pid === undefined) return;
      const table = hostProcessTable();
      resolve({
        child,
        identity: { pid, startTime: table.find(pid)?.startTime ?? "", bootId: table.bootId() },
        exited: new Promise((ended) => child.once("exit", (code, signal) => ended({ code, signal }))),
      });
    });
  } finally {
    closeSync(output);
  }
}
