import { homedir } from "node:os";
import process from "node:process";
import { errorCode } from "../base/errors.ts";
import { envValue } from "../base/env.ts";
import { resolvePaths } from "../base/paths.ts";
import { VERSION } from "../base/version.ts";
import type { Context, Output } from "./command.ts";

/** This process as a command's context. Dispose it to take its signal handlers away. */
export function processContext(): Context & Disposable {
  const { env, platform } = process;
  const home = envValue(env, "HOME") ?? homedir();
  const interrupt = interruptSignal();
  return {
    cwd: process.cwd(),
    env,
    home,
    platform,
    paths: resolvePaths({ env, platform, home }),
    stdout: streamOutput(process.stdout),
    stderr: streamOutput(process.stderr),
    signal: interrupt.signal,
    version: VERSION,
    [Symbol.dispose]: interrupt[Symbol.dispose],
  };
}

/** Aborted by Ctrl-C or SIGTERM; the second one ends the process at once, as its user then wants. */
function interruptSignal(): { signal: AbortSignal } & Disposable {
  const abort = new AbortController();
  const handlers = (["SIGINT", "SIGTERM"] as const).map((name) => {
    const handler = () => {
      if (!abort.signal.aborted) return abort.abort(new DOMException("Interrupted", "AbortError"));
      process.off(name, handler);
      process.kill(process.pid, name);
    };
    process.on(name, handler);
    return { name, handler };
  });
  return {
    signal: abort.signal,
    [Symbol.dispose]: () => {
      for (const { name, handler } of handlers) process.off(name, handler);
    },
  };
}

function streamOutput(stream: NodeJS.WriteStream): Output {
  let closed = false;
  // Whoever reads may leave at any time (`haft ls | head -1`); what is then left to say is said to nobody.
  stream.on("error", (error) => {
    if (errorCode(error) === "EPIPE") closed = true;
    else throw error;
  });
  return {
    write: (text) =>
      closed ? Promise.resolve() : new Promise((resolve) => {
        stream.write(text, () => resolve());
      }),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 80;
    },
    get color() {
      const { NO_COLOR, TERM } = process.env;
      return stream.isTTY === true && (NO_COLOR ?? "") === "" && TERM !== "dumb";
    },
  };
}
