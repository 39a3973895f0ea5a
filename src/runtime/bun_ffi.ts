import process from "node:process";

/**
 * The system calls that no module of Bun's offers. The module and the C library are loaded at the first call
 * (0.7 ms): most runs of haft need neither.
 */
interface Libc {
  flock(descriptor: number, operation: number): number;
  /** Linux. */
  getsockopt?(
    descriptor: number,
    level: number,
    option: number,
    value: Uint8Array,
    length: Uint8Array,
  ): number;
  /** Linux. */
  recv?(descriptor: number, into: Uint8Array, length: number, flags: number): number;
  /** macOS and the BSDs. */
  getpeereid?(descriptor: number, uid: Uint8Array, gid: Uint8Array): number;
}

const LOCK_EX_NB = 2 | 4;
const LOCK_UN = 8;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const MSG_PEEK_DONTWAIT = 2 | 0x40;

/** More than any system's `struct sigaction` takes. */
const SIGACTION_WORDS = 32;
const SIG_IGN = 1n;

let loaded: Libc | undefined;

/** False when another open file has the lock. */
export function flock(descriptor: number, operation: "lock" | "unlock"): boolean {
  return libc().flock(descriptor, operation === "lock" ? LOCK_EX_NB : LOCK_UN) === 0;
}

/** The uid of the process that connected (or, for the side that connected, of the one that listens). */
export function peerUid(descriptor: number): number | undefined {
  if (descriptor < 0) return undefined;
  const { getsockopt, getpeereid } = libc();
  if (getsockopt !== undefined) {
    const credentials = new Uint32Array(3); // struct ucred: pid, uid, gid
    const length = new Uint32Array([credentials.byteLength]);
    const failed = getsockopt(
      descriptor,
      SOL_SOCKET,
      SO_PEERCRED,
      new Uint8Array(credentials.buffer),
      new Uint8Array(length.buffer),
    );
    return failed === 0 ? credentials[1] : undefined;
  }
  if (getpeereid !== undefined) {
    const uid = new Uint32Array(1);
    const gid = new Uint32Array(1);
    const failed = getpeereid(descriptor, new Uint8Array(uid.buffer), new Uint8Array(gid.buffer));
    return failed === 0 ? uid[0] : undefined;
  }
  return undefined;
}

const oneByte = new Uint8Array(1);

/**
 * Looks for input on a socket until there is some, or the time is over. Linux; elsewhere it finds none.
 *
 * @param ms milliseconds
 */
export function pollInput(descriptor: number, ms: number): boolean {
  const { recv } = libc();
  if (descriptor < 0 || recv === undefined) return false;
  const end = performance.now() + ms;
  do {
    // Not below 0 also where the peer has closed.
    if (recv(descriptor, oneByte, 1, MSG_PEEK_DONTWAIT) >= 0) return true;
  } while (performance.now() < end);
  return false;
}

/** Whether a signal is ignored, of macOS and the BSDs, whose `struct sigaction` begins with the handler. */
export function isIgnored(signal: number): boolean {
  const { sigaction } = openLibc<{ sigaction(signal: number, set: null, found: Uint8Array): number }>({
    sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  });
  const found = new BigUint64Array(SIGACTION_WORDS);
  return sigaction(signal, null, new Uint8Array(found.buffer)) === 0 && found[0] === SIG_IGN;
}

function libc(): Libc {
  return loaded ??= openLibc<Libc>({
    flock: { args: ["i32", "i32"], returns: "i32" },
    ...(process.platform === "linux"
      ? {
        getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
        recv: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
      }
      : { getpeereid: { args: ["i32", "ptr", "ptr"], returns: "i32" } }),
  });
}

/**
 * Functions of the C library, by their signatures.
 *
 * @param ffi what opens it; {@link Bun.FFI} returns an error where the module throws it
 */
export function openLibc<Functions>(
  symbols: Record<string, { args: readonly string[]; returns: string }>,
  ffi: Bun.Ffi = process.getBuiltinModule("bun:ffi"),
): Functions {
  const failures: string[] = [];
  for (const name of libraryNames()) {
    try {
      const library = ffi.dlopen(name, symbols);
      if (library instanceof Error) throw library;
      return library.symbols as unknown as Functions;
    } catch (error) {
      failures.push(String(error));
    }
  }
  throw new Error(`Cannot load the C library: ${failures.join("; ")}`);
}

function libraryNames(): string[] {
  if (process.platform === "darwin") return ["libSystem.B.dylib", "/usr/lib/libSystem.B.dylib"];
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  return ["libc.so.6", `libc.musl-${arch}.so.1`, `/lib/ld-musl-${arch}.so.1`];
}
