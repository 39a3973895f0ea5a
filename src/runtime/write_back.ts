import process from "node:process";
import { openLibc } from "./bun_ffi.ts";

interface Libc {
  sync_file_range(descriptor: number, offset: number, count: number, flags: number): number;
}

const SYNC_FILE_RANGE_WRITE = 2;

/** `undefined` before the first call, `null` where the system has no such call. */
let libc: Libc | null | undefined;

/**
 * Lets the disk begin with a part of a file that was just written, and waits for nothing: the fsync at the
 * file's end finds less to do. Does nothing where the system has no such call, and promises nothing anywhere.
 */
export function startWriteBack(descriptor: number, offset: number, count: number): void {
  if (libc === undefined) libc = load();
  libc?.sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

function load(): Libc | null {
  if (process.platform !== "linux" || !("Bun" in globalThis)) return null;
  try {
    return openLibc<Libc>({ sync_file_range: { args: ["i32", "i64", "i64", "u32"], returns: "i32" } });
  } catch {
    return null;
  }
}
