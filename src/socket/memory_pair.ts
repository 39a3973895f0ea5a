import { Buffer } from "node:buffer";
import type { Socket, SocketHandler } from "../runtime/mod.ts";

/**
 * Two connected sockets in memory: the same contract as the real ones, one chunk in flight each way,
 * delivered in a later microtask.
 */
export function memoryPair(
  attachLeft: (socket: Socket) => SocketHandler,
  attachRight: (socket: Socket) => SocketHandler,
): [Socket, Socket] {
  const left = new MemorySocket();
  const right = new MemorySocket();
  left.join(right, attachLeft(left));
  right.join(left, attachRight(right));
  return [left, right];
}

class MemorySocket implements Socket {
  #peer: MemorySocket | undefined;
  #handler: SocketHandler | undefined;
  #incoming: Buffer | undefined;
  #paused = false;
  #closed = false;

  join(peer: MemorySocket, handler: SocketHandler): void {
    this.#peer = peer;
    this.#handler = handler;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#peer === undefined) return true;
    const peer = this.#peer;
    peer.#incoming = Buffer.from(bytes);
    queueMicrotask(() => peer.#deliver());
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    queueMicrotask(() => this.#deliver());
  }

  close(): void {
    if (this.#closed) return;
    this.#finish();
    const peer = this.#peer;
    if (peer === undefined) return;
    queueMicrotask(() => {
      peer.#deliver();
      if (peer.#incoming === undefined) peer.#finish();
    });
  }

  peerUid(): number | undefined {
    return undefined;
  }

  #deliver(): void {
    const chunk = this.#incoming;
    if (this.#closed || this.#paused || chunk === undefined) return;
    this.#incoming = undefined;
    this.#handler?.data(chunk);
    const peer = this.#peer;
    if (peer === undefined) return;
    if (peer.#closed) return this.#finish();
    peer.#handler?.drain();
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handler?.close(undefined);
  }
}
