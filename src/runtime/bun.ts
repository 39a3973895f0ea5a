import { accessSync, closeSync, constants, fstatSync, openSync } from "node:fs";
import process from "node:process";
import { mayHaveLostBytes } from "../base/lost_bytes.ts";
import { flock, isIgnored, peerUid, pollInput } from "./bun_ffi.ts";
import { giveBackMemory } from "./bun_memory.ts";
import { writeOutput } from "./bun_output.ts";
import { startProgram } from "./bun_program.ts";
import { becomeWithExactWords, bunSuccession } from "./bun_succession.ts";
import { watchProcess } from "./bun_pidfd.ts";
import { ignoresHangupOnLinux } from "./ignored_hangup.ts";
import { keepInheritedHandles } from "./inherited_handles.ts";
import { refuseLink, refuseSwapped } from "./lock_file.ts";
import { sqliteTryLock } from "./sqlite_lock.ts";
import type { ExecOptions, FileLock, Listener, MappedFile, Runtime, Socket, SocketHandler } from "./types.ts";
import { ignoreUntilReplaced } from "./until_replaced.ts";

/** Bun slows down on one huge write (64 MiB: 215 ms); in pieces of this size it does not. */
const WRITE_PIECE = 65536;
/**
 * On a pipe Bun answers that it took all of the bytes, and calls `drain` when they are really out; of several
 * writes, when the first is.
 */
const TAKES_AT_ONCE = process.platform !== "win32";

const SIGHUP = 1;

export const bunRuntime: Runtime = {
  name: "bun",
  isCompiled: isCompiled(),
  selfCommand,
  exec,
  ...(process.platform === "win32" ? {} : { succession: bunSuccession(heldLock) }),
  watchProcess,
  keepInherited,
  hasTerminals: process.platform !== "win32",
  ignoresHangup: () => ignoresHangupOnLinux() ?? isIgnored(SIGHUP),
  startProgram,
  writeOutput,
  tryLock,
  mapFile,
  collectGarbage: () => Bun.gc(true),
  compileHotCode: () => Bun.unsafe.setJITPolicy(1),
  giveBackMemory,
  packer: {
    pack: (bytes) => Bun.zstdCompressSync(bytes),
    unpack: (packed) => Bun.zstdDecompressSync(packed),
  },
  // With `undefined` or "" Bun would take the environment's.
  fetchThrough: (proxy) => ({ proxy: proxy ?? false }),
  listenUnix,
  connectUnix,
};

function isCompiled(): boolean {
  return /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/.test(Bun.main);
}

function selfCommand(): string[] {
  if (isCompiled()) return [process.execPath];
  return [process.execPath, Bun.main];
}

async function exec(file: string, args: readonly string[], options: ExecOptions): Promise<number> {
  if (process.platform === "win32" || process.execve === undefined) {
    const { spawnExec } = await import("./spawn_exec.ts");
    return await spawnExec(file, args, options);
  }
  accessSync(file, constants.X_OK);
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.env)) {
    if (value !== undefined) env[name] = value;
  }
  if (mayHaveLostBytes(args, env)) becomeWithExactWords(file, args, { env });
  ignoreUntilReplaced();
  process.execve(file, [file, ...args], env);
  throw new Error(`execve returned for ${file}`);
}

/** On other systems, Bun hands a child nothing but what it is meant to have. */
function keepInherited(): void {
  if (process.platform === "win32") keepInheritedHandles();
}

function tryLock(path: string): FileLock | undefined {
  if (process.platform === "win32") return sqliteTryLock(path);
  refuseLink(path);
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    refuseSwapped(path, fstatSync(descriptor));
    if (!flock(descriptor, "lock")) {
      closeSync(descriptor);
      return undefined;
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return heldLock(descriptor);
}

function heldLock(descriptor: number): FileLock {
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    flock(descriptor, "unlock");
    closeSync(descriptor);
  };
  return { release, descriptor, [Symbol.dispose]: release };
}

/** Bun itself takes the mapping back when nobody holds the bytes any more. */
function mapFile(path: string): MappedFile {
  return { bytes: Bun.mmap(path, { shared: true }), unmap() {} };
}

/** Bun's types know it for TCP alone. */
const HALF_OPEN = { allowHalfOpen: true } as const;

function listenUnix(path: string, accept: (socket: Socket) => SocketHandler): Listener {
  const listener = Bun.listen<BunSocket>({
    unix: path,
    ...HALF_OPEN,
    socket: {
      ...HANDLERS,
      open: (native) => {
        native.data = new BunSocket(native, accept);
      },
    },
  });
  return { close: () => listener.stop(false) };
}

async function connectUnix(path: string, attach: (socket: Socket) => SocketHandler): Promise<Socket> {
  const native = await Bun.connect<BunSocket>({
    unix: path,
    ...HALF_OPEN,
    socket: {
      ...HANDLERS,
      open: (native) => {
        native.data = new BunSocket(native, attach);
      },
    },
  });
  return native.data;
}

/** One set of functions for every connection; `data` is the connection's own object. */
const HANDLERS = {
  binaryType: "buffer",
  data: (native: Bun.Socket<BunSocket>, chunk: Buffer) => native.data.onData(chunk),
  drain: (native: Bun.Socket<BunSocket>) => native.data.onDrain(),
  end: (native: Bun.Socket<BunSocket>) => native.data.onEnd(),
  close: (native: Bun.Socket<BunSocket>, error?: Error) => native.data?.onClose(error),
  error: (native: Bun.Socket<BunSocket>, error: Error) => native.data?.onError(error),
} as const;

class BunSocket implements Socket {
  readonly #native: Bun.Socket<BunSocket>;
  #handler: SocketHandler | undefined;
  #closed = false;
  #rest: Uint8Array | undefined;

  constructor(native: Bun.Socket<BunSocket>, attach: (socket: Socket) => SocketHandler) {
    this.#native = native;
    this.#handler = attach(this);
    // Closed by the one it was handed to, before there was a handler to tell.
    if (this.#closed) this.#handler.close(undefined);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) return true;
    const taken = this.#writePieces(bytes);
    if (taken === bytes.length && TAKES_AT_ONCE) return true;
    this.#rest = bytes.subarray(taken);
    return false;
  }

  pause(): void {
    if (!this.#closed) this.#native.pause();
  }

  resume(): void {
    if (!this.#closed) this.#native.resume();
  }

  close(): void {
    if (this.#closed) return;
    this.#native.end();
    this.onClose(undefined);
  }

  peerUid(): number | undefined {
    return this.#closed ? undefined : peerUid(this.#native.fd);
  }

  pollInput(ms: number): boolean {
    return !this.#closed && pollInput(this.#native.fd, ms);
  }

  onData(chunk: Buffer): void {
    if (!this.#closed) this.#handler?.data(chunk);
  }

  onDrain(): void {
    if (this.#closed || this.#rest === undefined) return;
    const taken = this.#rest.length === 0 ? 0 : this.#writePieces(this.#rest);
    if (taken < this.#rest.length) {
      this.#rest = this.#rest.subarray(taken);
    } else {
      this.#rest = undefined;
      this.#handler?.drain();
    }
  }

  onEnd(): void {
    if (this.#closed) return;
    if (this.#handler?.end === undefined) this.close();
    else this.#handler.end();
  }

  onError(error: Error): void {
    if (this.#closed) return;
    this.onClose(error);
    this.#native.terminate();
  }

  onClose(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#rest = undefined;
    this.#handler?.close(error);
  }

  #writePieces(bytes: Uint8Array): number {
    if (bytes.length <= WRITE_PIECE || !TAKES_AT_ONCE) return Math.max(0, this.#native.write(bytes));
    let taken = 0;
    while (taken < bytes.length) {
      const piece = bytes.subarray(taken, taken + WRITE_PIECE);
      const count = Math.max(0, this.#native.write(piece));
      taken += count;
      if (count < piece.length) break;
    }
    return taken;
  }
}
