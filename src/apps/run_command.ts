import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import process from "node:process";
import { errorCode } from "../base/errors.ts";
import { withUsersUmask } from "../base/umask.ts";
import { openOutput } from "../process/spawn_detached.ts";

/** Where a command beside an app's own runs, and as whom. */
export interface CommandPlace {
  cwd: string;
  env: Readonly<Record<string, string>>;
  uid?: number | undefined;
  gid?: number | undefined;
}

export interface RunCommandOptions extends CommandPlace {
  /** After so many milliseconds it is killed; undefined: it may take its time. */
  timeoutMs?: number | undefined;
  /** Kills it, too. */
  signal?: AbortSignal | undefined;
  /** Files that its output is appended to; none: it is dropped. */
  logs?: { stdout: string; stderr: string } | undefined;
}

/** Runs a command to its end. @returns why it failed; undefined when it ended with 0. It does not throw. */
export function runCommand(
  [file = "", ...args]: readonly string[],
  { cwd, env, uid, gid, timeoutMs, signal, logs }: RunCommandOptions,
): Promise<string | undefined> {
  const shown = shownCommand(file, args);
  if (signal?.aborted === true) return Promise.resolve(`${shown} was not run`);
  const outputs = logs === undefined ? [] : [openOutput(logs.stdout), openOutput(logs.stderr)];
  return new Promise<string | undefined>((resolve) => {
    const [stdout = "ignore", stderr = "ignore"] = outputs;
    const owner = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
    const child = withUsersUmask(() =>
      spawn(file, args, { cwd, env: { ...env }, detached: true, stdio: ["ignore", stdout, stderr], ...owner })
    );
    let overdue = false;
    const kill = () => {
      // Our own child, and not waited for yet: the number is still its.
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
      overdue = true;
      kill();
    }, timeoutMs);
    signal?.addEventListener("abort", kill, { once: true });
    const end = (failure: string | undefined) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
      resolve(failure);
    };
    child.once("error", (error) => end(`${shown}: ${errorCode(error) ?? error.message}`));
    child.once("exit", (code, killedBy) => {
      if (overdue) return end(`${shown} did not end in ${timeoutMs} ms`);
      if (code === 0) return end(undefined);
      end(`${shown} ${killedBy === null ? `exited with code ${code}` : `was killed by ${killedBy}`}`);
    });
  }).finally(() => outputs.forEach((output) => closeSync(output)));
}

/** The text that a shell runs, or the command itself: as the manifest has it. */
function shownCommand(file: string, args: readonly string[]): string {
  const flag = args.findIndex((word) => /^-[a-z]*c$/.test(word));
  return (flag === -1 ? undefined : args[flag + 1]?.trim()) ?? file;
}
