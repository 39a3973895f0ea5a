import process from "node:process";
import { openLibc } from "./bun_ffi.ts";

interface Libc {
  /** For a call that the C library has no function for everywhere. */
  syscall(number: bigint, pid: number, flags: number): bigint;
}

/** The same number on every architecture; Linux 5.3 and later. */
const PIDFD_OPEN = 434n;

let loaded: Libc | undefined;

/**
 * Calls once when the process has ended, be it a child or not, without looking at it meanwhile: Linux has a
 * descriptor of a process that can be read from when it ends. Bun's own loop waits for it as for a socket;
 * reading from it then fails, which closes it.
 *
 * @returns undefined where the system cannot; disposing it takes the call back
 */
export function watchProcess(pid: number, onEnd: () => void): Disposable | undefined {
  if (process.platform !== "linux") return undefined;
  loaded ??= openLibc<Libc>({ syscall: { args: ["i64", "i32", "u32"], returns: "i64" } });
  const descriptor = Number(loaded.syscall(PIDFD_OPEN, pid, 0));
  if (descriptor < 0) return undefined;
  let isOver = false;
  const over = () => {
    if (isOver) return;
    isOver = true;
    onEnd();
  };
  const nothing = () => {};
  const connecting = Bun.connect({
    fd: descriptor,
    socket: {
      binaryType: "buffer",
      open: nothing,
      data: nothing,
      drain: nothing,
      error: nothing,
      close: over,
    },
  });
  connecting.catch(over);
  return {
    [Symbol.dispose]() {
      isOver = true;
      connecting.then((socket) => socket.terminate(), nothing);
    },
  };
}
