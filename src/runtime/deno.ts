import { Buffer } from "node:buffer";
import { closeSync, existsSync, openSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ignoresHangupOnLinux } from "./ignored_hangup.ts";
import { refuseLink, refuseSwapped } from "./lock_file.ts";
import { spawnProgram } from "./spawn_program.ts";
import { sqliteTryLock } from "./sqlite_lock.ts";
import type { ExecOptions, FileLock, Listener, MappedFile, Runtime, Socket, SocketHandler } from "./types.ts";

/** Read buffer of a connection: small while it idles, grown when a read fills it. */
const READ_BUFFER = { first: 4096, largest: 65536 };
/** Milliseconds to rest after a failed accept (no descriptor is free), so that it does not spin. */
const ACCEPT_PAUSE = 50;

export const denoRuntime: Runtime = {
  name: "deno",
  isCompiled: Deno.build.standalone,
  selfCommand,
  hasTerminals: false,
  ignoresHangup: () => ignoresHangupOnLinux() ?? false,
  startProgram: spawnProgram,
  exec,
  keepInherited,
  writeOutput,
  tryLock,
  mapFile,
  collectGarbage: () => {},
  compileHotCode: () => {},
  giveBackMemory: () => {},
  fetchThrough,
  listenUnix,
  connectUnix,
};

const clients = new Map<string, Deno.HttpClient>();

/** Deno takes the environment's proxy where none is given. */
function fetchThrough(proxy: string | undefined): object {
  if (proxy === undefined) return {};
  const client = clients.get(proxy) ?? Deno.createHttpClient({ proxy: { url: proxy } });
  clients.set(proxy, client);
  return { client };
}

function selfCommand(): string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const main = fileURLToPath(Deno.mainModule);
  // The import map is found from the working directory unless it is named.
  const config = join(dirname(main), "deno.json");
  return [Deno.execPath(), "run", "--quiet", "-A", ...(existsSync(config) ? ["--config", config] : []), main];
}

async function exec(file: string, args: readonly string[], options: ExecOptions): Promise<number> {
  const { spawnExec } = await import("./spawn_exec.ts");
  return await spawnExec(file, args, options);
}

/** A child of Deno's inherits every descriptor that does not say otherwise. */
function keepInherited(): void {
  if (Deno.build.os === "windows") return;
  const library = Deno.dlopen(libc(), { ioctl: { parameters: ["i32", "u64"], result: "i32" } });
  const closeOnExec = Deno.build.os === "darwin" ? 0x20006601n : 0x5451n; // FIOCLEX
  for (const name of readdirSync(Deno.build.os === "linux" ? "/proc/self/fd" : "/dev/fd")) {
    const descriptor = Number(name);
    if (descriptor > 2) library.symbols.ioctl(descriptor, closeOnExec);
  }
  library.close();
}

function libc(): string {
  return Deno.build.os === "darwin" ? "libSystem.dylib" : "libc.so.6";
}

async function writeOutput(stream: "stdout" | "stderr", text: string | Uint8Array): Promise<void> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < bytes.length;) {
    try {
      at += await Deno[stream].write(bytes.subarray(at));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw Object.assign(error, { code: "EPIPE" });
      throw error;
    }
  }
}

function tryLock(path: string): FileLock | undefined {
  if (process.platform === "win32") return sqliteTryLock(path);
  refuseLink(path);
  const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  try {
    refuseSwapped(path, file.statSync());
    if (!file.tryLockSync(true)) {
      file.close();
      return undefined;
    }
  } catch (error) {
    file.close();
    throw error;
  }
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    file.unlockSync();
    file.close();
  };
  return { release, [Symbol.dispose]: release };
}

const PROT_READ_WRITE = 1 | 2;
const MAP_SHARED = 1;

/** By the system's own mmap: Deno has none. */
function mapFile(path: string, size: number): MappedFile {
  const { symbols } = Deno.dlopen(libc(), {
    mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
    munmap: { parameters: ["pointer", "usize"], result: "i32" },
  });
  const descriptor = openSync(path, "r+");
  try {
    const address = symbols.mmap(null, BigInt(size), PROT_READ_WRITE, MAP_SHARED, descriptor, 0n);
    if (address === null || Deno.UnsafePointer.value(address) === MAP_FAILED) {
      throw new Error(`Cannot map "${path}"`);
    }
    const bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(address, size));
    return { bytes, unmap: () => void symbols.munmap(address, BigInt(size)) };
  } finally {
    closeSync(descriptor);
  }
}

const MAP_FAILED = 2n ** 64n - 1n;

function listenUnix(path: string, accept: (socket: Socket) => SocketHandler): Listener {
  const listener = Deno.listen({ transport: "unix", path });
  let closed = false;
  const acceptAll = async () => {
    while (!closed) {
      try {
        const connection = await listener.accept();
        new DenoSocket(connection, accept);
      } catch {
        if (!closed) await delay(ACCEPT_PAUSE);
      }
    }
  };
  acceptAll();
  return {
    close() {
      if (closed) return;
      closed = true;
      listener.close();
    },
  };
}

async function connectUnix(path: string, attach: (socket: Socket) => SocketHandler): Promise<Socket> {
  return new DenoSocket(await Deno.connect({ transport: "unix", path }), attach);
}

class DenoSocket implements Socket {
  readonly #connection: Deno.UnixConn;
  #handler: SocketHandler | undefined;
  #closed = false;
  #paused = false;
  #wake: (() => void) | undefined;

  constructor(connection: Deno.UnixConn, attach: (socket: Socket) => SocketHandler) {
    this.#connection = connection;
    this.#handler = attach(this);
    // Closed by the one it was handed to, before there was a handler to tell.
    if (this.#closed) this.#handler.close(undefined);
    else this.#readAll();
  }

  /** The write is a promise underneath, so the memory always stays with the socket until it has resolved. */
  write(bytes: Uint8Array): boolean {
    if (this.#closed) return true;
    this.#writeAll(bytes);
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wake?.();
    this.#wake = undefined;
  }

  close(): void {
    this.#finish(undefined);
  }

  peerUid(): number | undefined {
    return undefined;
  }

  async #readAll(): Promise<void> {
    // The first read waits for the caller to have the socket in hand.
    await Promise.resolve();
    let buffer = Buffer.allocUnsafeSlow(READ_BUFFER.first);
    while (!this.#closed) {
      if (this.#paused) await new Promise<void>((resolve) => this.#wake = resolve);
      if (this.#closed) return;
      let count: number | null;
      try {
        count = await this.#connection.read(buffer);
      } catch (error) {
        return this.#finish(error);
      }
      if (this.#closed) return;
      if (count === null) return this.#finish(undefined);
      this.#handler?.data(count === buffer.length ? buffer : buffer.subarray(0, count));
      if (count === buffer.length && count < READ_BUFFER.largest) {
        buffer = Buffer.allocUnsafeSlow(Math.min(count * 4, READ_BUFFER.largest));
      }
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      let written = await this.#connection.write(bytes);
      while (written < bytes.length) written += await this.#connection.write(bytes.subarray(written));
    } catch (error) {
      return this.#finish(error);
    }
    if (!this.#closed) this.#handler?.drain();
  }

  #finish(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake?.();
    try {
      this.#connection.close();
    } catch {
      // It is closed already.
    }
    this.#handler?.close(error instanceof Error ? error : undefined);
  }
}
