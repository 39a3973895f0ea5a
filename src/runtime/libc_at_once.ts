/**
 * The C library for what runs before haft's core is loaded: looks at files, as quickly as they can be had.
 * `node:fs` alone takes longer to load than all of a remembered `haft exec`.
 */
import process from "node:process";
import { ABSENT, lookOf } from "../base/look.ts";
import { openLibc } from "./bun_ffi.ts";

/** A file as `stat` has it. */
export interface Look {
  kind: "directory" | "socket" | "character" | "other";
  /** The permission bits. */
  mode: number;
  uid: number;
  size: bigint;
  /** When its content changed. */
  changedMs: bigint;
  /** Of `/dev/null` and no other. */
  isNull: boolean;
}

export interface Looks {
  /** As `lookOf()` has it; "" for what cannot be looked at. */
  fingerprint(path: string): string;
  /** Undefined where there is nothing or it cannot be looked at. */
  look(path: string, options?: { follow: boolean }): Look | undefined;
  /** What stdout is. */
  lookAtStdout(): Look | undefined;
}

interface Libc {
  statx(directory: number, path: Uint8Array, flags: number, mask: number, result: Uint8Array): number;
  __errno_location(): number;
}

const STATX = {
  statx: { args: ["i32", "ptr", "i32", "u32", "ptr"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
};
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const ENOENT = 2;
/** Of `struct statx`, which is the same on every architecture, in words of 8 bytes. */
const [INODE, SIZE, CTIME_S, MTIME_S] = [4, 5, 12, 14];
/** In words of 4. */
const [UID, CTIME_NS, MTIME_NS, DEVICE_MAJOR, DEVICE_MINOR] = [5, 26, 30, 32, 33];
/** In words of 2. */
const MODE = 14;
const KINDS: Readonly<Record<number, Look["kind"]>> = { 2: "character", 4: "directory", 12: "socket" };

/** Where all of this is known to work. */
export const IS_KNOWN: boolean = process.platform === "linux" && "Bun" in globalThis;

/** A file's text, where {@link IS_KNOWN}. @throws where there is no file */
export function readAtOnce(path: string): string {
  const bytes = Bun.mmap(path, { shared: false });
  // The same text as a TextDecoder's, in half the time where none was made yet.
  return Bun.FFI?.CString(Bun.FFI.ptr(bytes), 0, bytes.length) ?? new TextDecoder().decode(bytes);
}

/**
 * Loads the C library: looks, and the functions that are asked for. @throws where it lacks something
 *
 * @returns also `ptr`, the address of memory, which must not be collected while it is used
 */
export function libcAtOnce<Functions>(
  symbols: Record<string, { args: readonly string[]; returns: string }>,
): { libc: Functions; looks: Looks; ptr: (memory: ArrayBufferView) => number } {
  // What is below `bun:ffi`, a module that takes longer to load than all calls together.
  const ffi = Bun.FFI ?? process.getBuiltinModule("bun:ffi");
  const libc = openLibc<Functions & Libc>({ ...STATX, ...symbols }, ffi);
  return { libc, looks: looksBy(libc, (address) => ffi.read.i32(address, 0)), ptr: ffi.ptr };
}

function looksBy(libc: Libc, readNumber: (address: number) => number): Looks {
  const encoder = new TextEncoder();
  const result = new Uint8Array(256);
  const [words, halves, quarters] = [
    new BigUint64Array(result.buffer),
    new Uint32Array(result.buffer),
    new Uint16Array(result.buffer),
  ];

  function look(directory: number, path: string, flags: number): Look | undefined {
    const name = encoder.encode(`${path}\0`);
    if (libc.statx(directory, name, flags, STATX_BASIC_STATS, result) !== 0) return undefined;
    const mode = quarters[MODE] ?? 0;
    const milliseconds = BigInt(Math.floor((halves[MTIME_NS] ?? 0) / 1e6));
    return {
      kind: KINDS[mode >> 12] ?? "other",
      mode: mode & 0o7777,
      uid: halves[UID] ?? 0,
      size: words[SIZE] ?? 0n,
      changedMs: (words[MTIME_S] ?? 0n) * 1000n + milliseconds,
      isNull: halves[DEVICE_MAJOR] === 1 && halves[DEVICE_MINOR] === 3,
    };
  }

  return {
    fingerprint(path) {
      if (libc.statx(AT_FDCWD, encoder.encode(`${path}\0`), 0, STATX_BASIC_STATS, result) !== 0) {
        return readNumber(libc.__errno_location()) === ENOENT ? ABSENT : "";
      }
      const nanoseconds = String(halves[CTIME_NS] ?? 0).padStart(9, "0");
      return lookOf({
        inode: words[INODE] ?? 0n,
        size: words[SIZE] ?? 0n,
        changedNs: `${words[CTIME_S] ?? 0n}${nanoseconds}`,
      });
    },
    look: (path, { follow } = { follow: true }) => look(AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW),
    lookAtStdout: () => look(1, "", AT_EMPTY_PATH),
  };
}
