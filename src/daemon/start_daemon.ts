import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { MARKER_VARIABLE } from "../process/process_table.ts";
import type { Env } from "../base/env.ts";
import { HaftError } from "../base/errors.ts";
import { withUsersUmask } from "../base/umask.ts";
import { ExitCode } from "../base/exit_code.ts";
import { makePrivateDirectory } from "../base/private_directory.ts";
import { setAsideUnlessFile } from "../base/set_aside.ts";
import { runtime } from "../runtime/mod.ts";

/** The descriptor on which a daemon that starts says how it went: one line of JSON, a {@link Readiness}. */
export const READY_FD = 3;

export type Readiness =
  | { state: "ready" }
  /** Another one was quicker; it answers, or will in a moment. */
  | { state: "already_running" }
  | { state: "failed"; error: string; next: string | null };

export interface StartOptions {
  socket: string;
  /** Where what the process itself prints goes. */
  logPath: string;
  env: Env;
  signal: AbortSignal;
  /** Further arguments of `haft daemon run`. */
  args?: readonly string[];
}

/**
 * Starts a daemon in the background, in a new session, and waits until it says that it answers.
 *
 * @throws {HaftError} with the daemon's own reason when it does not
 */
export async function startDaemon(
  { socket, logPath, env, signal, args: more = [] }: StartOptions,
): Promise<Readiness> {
  makePrivateDirectory(dirname(logPath));
  setAsideUnlessFile(logPath);
  const log = openSync(logPath, "a", 0o600);
  const [file = "", ...args] = [...daemonCommand(socket, more), "--ready-fd", `${READY_FD}`];
  runtime.keepInherited();
  let child: ChildProcess;
  try {
    child = withUsersUmask(() =>
      spawn(file, args, {
        cwd: "/",
        env: withoutMark(env),
        detached: true,
        stdio: ["ignore", log, log, "pipe"],
        windowsHide: true,
      })
    );
  } finally {
    closeSync(log);
  }
  try {
    const readiness = await firstLine(child, signal);
    if (readiness !== undefined) return JSON.parse(readiness);
  } finally {
    child.unref();
    const pipe = child.stdio[READY_FD];
    if (pipe !== null && pipe !== undefined) pipe.destroy();
  }
  throw new HaftError("The daemon ended before it answered", {
    next: `Look into its log, "${logPath}"`,
    exitCode: ExitCode.transport,
  });
}

/** The command of a daemon of this haft. */
export function daemonCommand(socket: string, args: readonly string[] = []): string[] {
  return [...runtime.selfCommand(), "daemon", "run", "--socket", socket, ...args];
}

/** A daemon that is started from inside an app is not that app's: it would be stopped with it. */
export function withoutMark({ [MARKER_VARIABLE]: _mark, ...env }: Env): Env {
  return env;
}

/** What the child writes to its readiness pipe; undefined when it ends without a word. */
function firstLine(child: ChildProcess, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const pipe = child.stdio[READY_FD];
    let text = "";
    const onAbort = () => {
      child.kill();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const finish = (line: string | undefined) => {
      signal.removeEventListener("abort", onAbort);
      resolve(line);
    };
    child.once("error", reject);
    pipe?.on("data", (chunk: Uint8Array) => {
      text += new TextDecoder().decode(chunk);
      if (text.includes("\n")) finish(text.slice(0, text.indexOf("\n")));
    });
    pipe?.on("error", () => finish(undefined));
    pipe?.on("close", () => finish(undefined));
    pipe?.on("end", () => finish(undefined));
  });
}
