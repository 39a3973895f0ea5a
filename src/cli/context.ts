import { fstatSync, statSync } from "node:fs";
import { homedir } from "node:os";
import process from "node:process";
import { errorCode, errorMessage, HaftError } from "../base/errors.ts";
import { EndedBySignal } from "../base/ending_signal.ts";
import { type Env, envValue, plainEnvironment } from "../base/env.ts";
import { mayColor } from "../base/may_color.ts";
import { resolvePaths } from "../base/paths.ts";
import { SYSTEM_FAILURES } from "../base/system_error.ts";
import { terminalColumns } from "../base/terminal_size.ts";
import { useOwnUmask } from "../base/umask.ts";
import { VERSION } from "../base/version.ts";
import { runtime } from "../runtime/mod.ts";
import type { Context } from "./command.ts";
import { type Output, SinkOutput } from "./output.ts";

/** This process as a command's context. Dispose it to take its signal handlers away. */
export function processContext(): Context & Disposable {
  useOwnUmask();
  const { platform } = process;
  const env = plainEnvironment(process.env, platform);
  const home = envValue(env, "HOME") ?? homedir();
  const interrupt = interruptSignal();
  return {
    cwd: process.cwd(),
    env,
    home,
    platform,
    paths: resolvePaths({ env, platform, home }),
    stdin: { isTTY: isTerminal(0) },
    stdout: standardOutput("stdout", env),
    stderr: standardOutput("stderr", env),
    signal: interrupt.signal,
    lendTerminal: interrupt.lendTerminal,
    onFurtherSignal: interrupt.onFurtherSignal,
    version: VERSION,
    [Symbol.dispose]: interrupt[Symbol.dispose],
  };
}

/** Aborted by Ctrl-C or SIGTERM; a second one ends the process at once, unless something handles it. */
function interruptSignal(): Pick<Context, "signal" | "lendTerminal" | "onFurtherSignal"> & Disposable {
  const abort = new AbortController();
  const further = new Set<() => void>();
  let loan: { interrupted: boolean; onInterrupt: (() => void) | undefined } | undefined;
  const handlers = (["SIGINT", "SIGTERM"] as const).map((name) => {
    const handler = () => {
      if (loan !== undefined && name === "SIGINT") {
        loan.interrupted = true;
        loan.onInterrupt?.();
        return;
      }
      if (!abort.signal.aborted) return abort.abort(new EndedBySignal(name));
      if (further.size > 0) return [...further].forEach((handle) => handle());
      process.off(name, handler);
      process.kill(process.pid, name);
    };
    process.on(name, handler);
    return { name, handler };
  });
  return {
    signal: abort.signal,
    onFurtherSignal(handler) {
      further.add(handler);
      return { [Symbol.dispose]: () => void further.delete(handler) };
    },
    lendTerminal(onInterrupt) {
      const own = loan = { interrupted: false, onInterrupt };
      return {
        get interrupted() {
          return own.interrupted;
        },
        [Symbol.dispose]: () => {
          loan = undefined;
        },
      };
    },
    [Symbol.dispose]: () => {
      for (const { name, handler } of handlers) process.off(name, handler);
    },
  };
}

/** A terminal is a character device, and so is `/dev/null`. */
function isTerminal(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isCharacterDevice() && stat.rdev !== statSync("/dev/null", { throwIfNoEntry: false })?.rdev;
  } catch {
    return false;
  }
}

/**
 * Touches the streams of `node:process` for a terminal only: loading them takes longer than a short command.
 */
function standardOutput(name: "stdout" | "stderr", env: Env): Output {
  let last: Promise<void> = Promise.resolve();
  let closed = false;
  let failure: Error | undefined;
  const isTTY = isTerminal(name === "stdout" ? 1 : 2);
  const put = async (text: string | Uint8Array) => {
    if (closed) return;
    if (failure !== undefined) throw failure;
    try {
      await runtime.writeOutput(name, text);
    } catch (error) {
      // The reader has left, as in `haft ls | head -1`, or the terminal was closed: drop the rest.
      if (errorCode(error) === "EPIPE" || (isTTY && errorCode(error) === "EIO")) closed = true;
      else throw failure ??= unwritable(name, error);
    }
  };
  const sink = {
    put(text: string | Uint8Array) {
      last = last.then(() => put(text));
      // Not everything that writes waits for it; the command fails in the end.
      last.catch(() => {});
      return last;
    },
    get failure() {
      return failure;
    },
    get closed() {
      return closed;
    },
    isTTY,
    get columns() {
      return terminalColumns(isTTY ? process[name].columns : undefined);
    },
  };
  return new SinkOutput(sink, { color: isTTY && mayColor(env) });
}

function unwritable(name: string, error: unknown): HaftError {
  const code = errorCode(error);
  const reason = (code === undefined ? undefined : SYSTEM_FAILURES[code]?.reason) ?? errorMessage(error);
  return new HaftError(`Cannot write to ${name}: ${reason}${code === undefined ? "" : ` (${code})`}`, {
    next: `Look at where ${name} goes; a part of what was printed is missing there`,
    cause: error,
  });
}
