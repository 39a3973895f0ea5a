import process from "node:process";
import { EndedBySignal } from "../base/ending_signal.ts";
import { runtime } from "../runtime/mod.ts";

/**
 * A signal that a closed terminal (SIGHUP) and Ctrl-\ (SIGQUIT) abort, too, for a command that has processes
 * to end; others end by these signals themselves. Under `nohup` SIGHUP stays ignored.
 */
export function untilHangup(signal: AbortSignal): { signal: AbortSignal } & Disposable {
  if (process.platform === "win32") return { signal, [Symbol.dispose]() {} };
  const ended = new AbortController();
  const names = runtime.ignoresHangup() ? ["SIGQUIT"] as const : ["SIGHUP", "SIGQUIT"] as const;
  const handlers = names.map((name) => {
    const handler = () => ended.abort(new EndedBySignal(name));
    process.on(name, handler);
    return { name, handler };
  });
  return {
    signal: AbortSignal.any([signal, ended.signal]),
    [Symbol.dispose]: () => {
      for (const { name, handler } of handlers) process.off(name, handler);
    },
  };
}
