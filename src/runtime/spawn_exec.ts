import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import type { ExecOptions } from "./types.ts";

/** What a service manager or a script sends to a program to end or steer it. */
const FORWARDED: readonly NodeJS.Signals[] = process.platform === "win32"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGWINCH"];

/**
 * What a terminal sends to every process of the foreground job: the child gets these without us, and once is
 * enough.
 */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set([
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGCONT",
  "SIGWINCH",
  "SIGBREAK",
]);

/**
 * {@link Runtime.exec} where a process cannot be replaced: a child with the same stdio. Signals sent to this
 * process go on to the child, and this process lives until the child has ended.
 */
export function spawnExec(file: string, args: readonly string[], { env }: ExecOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    // Before there is a child, so that no signal can come between the two.
    const forwarding = forwardSignals();
    const child = spawn(file, args, { env, stdio: "inherit" });
    forwarding.to(child);
    child.once("error", (error) => {
      forwarding.stop();
      reject(error);
    });
    child.once("exit", (code, signal) => {
      forwarding.stop();
      resolve(signal === null ? code ?? 1 : 128 + (constants.signals[signal] ?? 0));
    });
  });
}

function forwardSignals(): { to(child: ChildProcess): void; stop(): void } {
  const onTerminal = process.stdin.isTTY === true;
  const early: NodeJS.Signals[] = [];
  let child: ChildProcess | undefined;
  const handlers = FORWARDED.map((signal) => {
    const handler = () => {
      if (onTerminal && FROM_TERMINAL.has(signal)) return;
      if (child === undefined) early.push(signal);
      else send(child, signal);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  return {
    to(started) {
      child = started;
      for (const signal of early) send(started, signal);
    },
    stop: () => handlers.forEach(({ signal, handler }) => process.off(signal, handler)),
  };
}

/** Not child.kill(): after it, Deno reports the signal as the child's end whatever its exit code was. */
function send(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(child.pid, signal);
  } catch {
    // It has just ended; its exit is on the way.
  }
}
