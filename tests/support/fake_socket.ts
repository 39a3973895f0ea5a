import { Buffer } from "node:buffer";
import type { Socket, SocketHandler } from "../../src/socket/mod.ts";

/**
 * The server's end of a connection, by hand: what it writes is kept, and it can be told that the peer does
 * not read.
 */
export class FakeSocket implements Socket {
  readonly written: Buffer[] = [];
  stalled = false;
  paused = false;
  closed = false;
  /** Told of the close, as the runtime's sockets do it: later. */
  handler: SocketHandler | undefined;

  write(bytes: Uint8Array): boolean {
    this.written.push(Buffer.from(bytes));
    return !this.stalled;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    queueMicrotask(() => this.handler?.close(undefined));
  }

  peerUid(): number | undefined {
    return undefined;
  }

  /** The messages written so far, taken out; the framing is by lines. */
  take(): Record<string, unknown>[] {
    const text = Buffer.concat(this.written.splice(0)).toString("utf8");
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }
}
