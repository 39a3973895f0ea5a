/**
 * What the short way of `haft ipc-send` needs of the system, by the C library (libc_at_once.ts says why):
 * looks at files, one conversation over a Unix socket, and stdout.
 */
import process from "node:process";
import { IS_KNOWN, libcAtOnce, type Looks } from "./libc_at_once.ts";

export interface AskAtOnce extends Looks {
  /**
   * Sends `text` to the socket at the path, if a process of this user's serves it.
   *
   * @returns the first `lines` lines that come back, or undefined where they do not within the time
   */
  ask(path: string, text: string, limits: { lines: number; timeoutMs: number }): string[] | undefined;
  /**
   * Writes a short text to stdout, so that another way may write it where this one did not.
   *
   * @returns false where nothing was written: it is long, the reader has left, or a signal came in between
   */
  print(text: string): boolean;
}

interface Libc {
  socket(family: number, type: number, protocol: number): number;
  connect(descriptor: number, address: Uint8Array, length: number): number;
  getsockopt(descriptor: number, level: number, option: number, value: Uint8Array, size: Uint8Array): number;
  poll(list: Uint8Array, count: number, timeoutMs: number): number;
  read(descriptor: number, bytes: Uint8Array, length: number): number;
  write(descriptor: number, bytes: Uint8Array, length: number): number;
  close(descriptor: number): number;
}

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const POLLIN = 1;
const LONGEST_PATH = 107;
const CHUNK = 64 * 1024;
/** Far more than what {@link AskAtOnce.print} prints is read, and no more. */
const MOST_BYTES = 32 * 1024;
const LINE_FEED = 10;
/** `PIPE_BUF` of Linux: so much goes into a pipe whole or not at all, whatever interrupts the writer. */
const WHOLE_WRITE = 4096;

/** Loads the C library; undefined where this is not known to work. @throws where it lacks something */
export function askAtOnce(): AskAtOnce | undefined {
  if (!IS_KNOWN) return undefined;
  const { libc, looks } = libcAtOnce<Libc>({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
    poll: { args: ["ptr", "u64_fast", "i32"], returns: "i32" },
    read: { args: ["i32", "ptr", "u64_fast"], returns: "i64_fast" },
    write: { args: ["i32", "ptr", "u64_fast"], returns: "i64_fast" },
    close: { args: ["i32"], returns: "i32" },
  });
  const encoder = new TextEncoder();

  /** Waits until the descriptor has something to read, or has failed. */
  function isReadable(descriptor: number, timeoutMs: number): boolean {
    const list = new DataView(new ArrayBuffer(8));
    list.setInt32(0, descriptor, true);
    list.setInt16(4, POLLIN, true);
    return libc.poll(new Uint8Array(list.buffer), 1, timeoutMs) === 1;
  }

  function peerUid(descriptor: number): number | undefined {
    const credentials = new Uint32Array(3);
    const size = new Uint32Array([credentials.byteLength]);
    const [value, length] = [new Uint8Array(credentials.buffer), new Uint8Array(size.buffer)];
    return libc.getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, value, length) === 0
      ? credentials[1]
      : undefined;
  }

  function converse(
    descriptor: number,
    text: string,
    { lines, timeoutMs }: { lines: number; timeoutMs: number },
  ): string[] | undefined {
    const request = encoder.encode(text);
    if (libc.write(descriptor, request, request.length) !== request.length) return undefined;
    const deadline = performance.now() + timeoutMs;
    const chunk = new Uint8Array(CHUNK);
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    let received = "";
    let bytes = 0;
    for (let found = 0; found < lines;) {
      const left = Math.ceil(deadline - performance.now()) | 0;
      if (left <= 0 || !isReadable(descriptor, left)) return undefined;
      const length = Number(libc.read(descriptor, chunk, CHUNK));
      bytes += length;
      if (length <= 0 || bytes > MOST_BYTES) return undefined;
      for (let at = 0; at < length; at++) if (chunk[at] === LINE_FEED) found++;
      received += decoder.decode(chunk.subarray(0, length), { stream: true });
    }
    return received.split("\n").slice(0, lines);
  }

  return {
    ...looks,
    ask(path, text, limits) {
      const name = encoder.encode(path);
      if (name.length > LONGEST_PATH) return undefined;
      const address = new Uint8Array(2 + LONGEST_PATH + 1);
      new DataView(address.buffer).setUint16(0, AF_UNIX, true);
      address.set(name, 2);
      const descriptor = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      if (descriptor < 0) return undefined;
      try {
        if (libc.connect(descriptor, address, address.length) !== 0) return undefined;
        return peerUid(descriptor) === process.getuid?.() ? converse(descriptor, text, limits) : undefined;
      } finally {
        libc.close(descriptor);
      }
    },
    print(text) {
      const bytes = encoder.encode(text);
      if (bytes.length > WHOLE_WRITE) return false;
      return Number(libc.write(1, bytes, bytes.length)) === bytes.length;
    },
  };
}
