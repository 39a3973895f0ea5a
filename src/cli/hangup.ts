import process from "node:process";
import { EndedBySignal } from "../base/ending_signal.ts";
import { runtime } from "../runtime/mod.ts";

/**
 * A signal that a closed terminal (SIGHUP) aborts, too, for a command that has processes to end; others end
 * by SIGHUP itself. Under `nohup` it stays ignored.
 */
export function untilHangup(signal: AbortSignal): { signal: AbortSignal } & Disposable {
  if (process.platform === "win32" || runtime.ignoresHangup()) return { signal, [Symbol.dispose]() {} };
  const closed = new AbortController();
  const onHangup = () => closed.abort(new EndedBySignal("SIGHUP"));
  process.on("SIGHUP", onHangup);
  return {
    signal: AbortSignal.any([signal, closed.signal]),
    [Symbol.dispose]: () => process.off("SIGHUP", onHangup),
  };
}
