/**
 * What the shortest way of `haft exec` needs of the system, by the C library: `node:fs` alone takes longer to
 * load than all that it does, and `process.execve` longer than a whole exec by this.
 */
import process from "node:process";
import { openLibc } from "./bun_ffi.ts";
import { ignoreUntilReplaced } from "./until_replaced.ts";

export interface AtOnce {
  /**
   * A file as its fingerprint has it; "" for one that cannot be looked at, undefined for one that is not
   * there.
   */
  look(path: string): { inode: bigint; size: bigint; changedNs: string } | "" | undefined;
  /** Puts a program in this process's place. @throws when the system refuses */
  replace(file: string, args: readonly string[], env: Readonly<Record<string, string>>): never;
}

interface Libc {
  statx(directory: number, path: Uint8Array, flags: number, mask: number, result: Uint8Array): number;
  __errno_location(): number;
  fcntl(descriptor: number, command: number, argument: number): number;
  execve(file: Uint8Array, args: BigUint64Array, env: BigUint64Array): number;
}

const AT_FDCWD = -100;
const STATX_BASIC_STATS = 0x7ff;
const ENOENT = 2;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** Of `struct statx`, which is the same on every architecture, in words of 8 bytes. */
const [INODE, SIZE, CHANGED_S] = [4, 5, 12];
/** In words of 4. */
const CHANGED_NS = 26;

/** Where all of this is known to work. */
const IS_KNOWN = process.platform === "linux" && "Bun" in globalThis;

/** A file's text, or undefined where it is not known how. @throws where there is no file */
export function readAtOnce(path: string): string | undefined {
  return IS_KNOWN ? new TextDecoder().decode(Bun.mmap(path, { shared: false })) : undefined;
}

/** Loads the C library. @throws where it lacks something */
export function atOnce(): AtOnce {
  const libc = openLibc<Libc>({
    statx: { args: ["i32", "ptr", "i32", "u32", "ptr"], returns: "i32" },
    __errno_location: { args: [], returns: "ptr" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  });
  const { ptr, read } = process.getBuiltinModule("bun:ffi");
  const encoder = new TextEncoder();
  const result = new Uint8Array(256);
  const [words, halves] = [new BigUint64Array(result.buffer), new Uint32Array(result.buffer)];

  /** A list of C strings; `texts` has to live as long as it. */
  function pointers(strings: readonly string[]): { list: BigUint64Array; texts: Uint8Array } {
    const texts = encoder.encode(`${strings.join("\0")}\0`);
    const list = new BigUint64Array(strings.length + 1);
    const start = ptr(texts);
    for (let index = 0, at = 0; index < strings.length; index++) {
      list[index] = BigInt(start + at);
      at = texts.indexOf(0, at) + 1;
    }
    return { list, texts };
  }

  return {
    look(path) {
      if (libc.statx(AT_FDCWD, encoder.encode(`${path}\0`), 0, STATX_BASIC_STATS, result) !== 0) {
        return read.i32(libc.__errno_location(), 0) === ENOENT ? undefined : "";
      }
      const nanoseconds = String(halves[CHANGED_NS] ?? 0).padStart(9, "0");
      return {
        inode: words[INODE] ?? 0n,
        size: words[SIZE] ?? 0n,
        changedNs: `${words[CHANGED_S] ?? 0n}${nanoseconds}`,
      };
    },
    replace(file, args, env) {
      const own = pointers([file, ...args]);
      const variables = pointers(Object.keys(env).map((name) => `${name}=${env[name] ?? ""}`));
      ignoreUntilReplaced();
      // As in `process.execve`: nothing but stdio is handed on. What is above 3 the runtime has closed to it.
      libc.fcntl(3, F_SETFD, FD_CLOEXEC);
      libc.execve(encoder.encode(`${file}\0`), own.list, variables.list);
      const length = own.texts.length + variables.texts.length;
      throw new Error(`"${file}" cannot take this process's place, with ${length} bytes of words`);
    },
  };
}
