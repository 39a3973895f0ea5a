/** The few parts of Bun's own interface that src/runtime/bun.ts uses. */
declare namespace Bun {
  const main: string;
  interface FileSink {
    write(text: string | Uint8Array): number | Promise<number>;
    /** Rejects with `code` `EPIPE` when the reader has gone. */
    flush(): number | Promise<number>;
  }

  const unsafe: {
    /** How often code must run before it is compiled, as a multiple of the usual number. */
    setJITPolicy(scale: number): void;
  };

  /** Begins anew after each digest. */
  class CryptoHasher {
    constructor(algorithm: "sha256");
    update(bytes: Uint8Array): this;
    digest<Bytes extends Uint8Array>(into: Bytes): Bytes;
  }

  const stdout: { writer(): FileSink };
  const stderr: { writer(): FileSink };

  interface Socket<Data> {
    data: Data;
    /** The descriptor; -1 when closed. */
    readonly fd: number;
    /** How many bytes the kernel took; -1 on a closed socket. */
    write(bytes: Uint8Array): number;
    end(): void;
    terminate(): void;
    pause(): void;
    resume(): void;
  }

  interface SocketHandlers<Data> {
    binaryType: "buffer";
    open(socket: Socket<Data>): void;
    data(socket: Socket<Data>, chunk: import("node:buffer").Buffer): void;
    drain(socket: Socket<Data>): void;
    close(socket: Socket<Data>, error?: Error): void;
    error(socket: Socket<Data>, error: Error): void;
  }

  interface UnixOptions<Data> {
    unix: string;
    socket: SocketHandlers<Data>;
  }

  interface Terminal {
    /** `c_lflag`. */
    readonly localFlags: number;
    write(bytes: Uint8Array): number;
    resize(cols: number, rows: number): void;
    close(): void;
  }

  interface Subprocess {
    readonly pid: number;
    readonly exitCode: number | null;
    readonly signalCode: string | null;
    readonly stdout: ReadableStream<Uint8Array>;
    readonly stderr: ReadableStream<Uint8Array>;
  }

  /** @throws with `code` when it cannot be started */
  function spawn(command: readonly string[], options: {
    cwd: string;
    env: Readonly<Record<string, string>>;
    /** Its stdin, stdout and stderr, and the controlling terminal of its session. */
    terminal: {
      cols: number;
      rows: number;
      data(terminal: Terminal, chunk: Uint8Array): void;
      /** Every process has closed it. */
      exit(): void;
    };
    onExit(child: Subprocess, code: number | null, signal: string | number | null): void;
  }): Subprocess & { readonly terminal: Terminal };
  function spawn(command: readonly string[], options: {
    cwd: string;
    env: Readonly<Record<string, string>>;
    /** A number is a descriptor of this process. */
    stdio: readonly ["inherit" | "ignore", "inherit" | "pipe" | number, "inherit" | "pipe" | number];
    detached: boolean;
    windowsHide: boolean;
    windowsVerbatimArguments: boolean;
    onExit(
      child: Subprocess,
      code: number | null,
      signal: string | number | null,
      error?: Error,
    ): void;
  }): Subprocess;

  /** An open descriptor, which stays open after its stream. */
  function file(descriptor: number): { stream(chunkSize?: number): ReadableStream<Uint8Array> };

  interface Ffi {
    dlopen(
      library: string,
      symbols: Record<string, { args: readonly string[]; returns: string }>,
    ): { symbols: Record<string, (...args: never[]) => number> };
    /** The address of the memory, which must not be collected while it is used. */
    ptr(memory: ArrayBufferView): number;
    read: { i32(address: number, offset: number): number };
  }

  /**
   * The runtime's own part of `bun:ffi`, which is not documented: `dlopen` returns an error it would throw.
   */
  const FFI: Ffi & { CString(address: number, offset: number, length: number): string } | undefined;

  /** @param wait until all of it is done */
  function gc(wait: boolean): void;
  function zstdCompressSync(bytes: Uint8Array): Uint8Array;
  function zstdDecompressSync(bytes: Uint8Array): Uint8Array;
  /** Columns in a terminal, without escape sequences. */
  function stringWidth(text: string): number;
  function mmap(path: string, options: { shared: boolean }): Uint8Array<ArrayBuffer>;
  function listen<Data>(options: UnixOptions<Data>): { stop(closeConnections?: boolean): void };
  function connect<Data>(
    options: UnixOptions<Data> | { fd: number; socket: SocketHandlers<Data> },
  ): Promise<Socket<Data>>;
}

declare namespace NodeJS {
  interface Process {
    execve?(file: string, args: readonly string[], env: Readonly<Record<string, string>>): never;
    getBuiltinModule(name: "node:os"): typeof import("node:os");
    getBuiltinModule(name: "node:crypto"): typeof import("node:crypto");
    getBuiltinModule(name: "node:child_process"): typeof import("node:child_process");
    getBuiltinModule(name: "bun:ffi"): Bun.Ffi;
  }
}
