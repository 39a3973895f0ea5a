import { Buffer } from "node:buffer";
import type { Socket as NetSocket } from "node:net";
import type { Socket, SocketHandler } from "./types.ts";

/** A socket of `node:net` as haft's own, where the runtimes have nothing native. */
export class NodeSocket implements Socket {
  readonly #socket: NetSocket;
  #handler: SocketHandler | undefined;
  #closed = false;

  constructor(socket: NetSocket, attach: (socket: Socket) => SocketHandler) {
    this.#socket = socket;
    this.#handler = attach(this);
    // Closed by the one it was handed to, before there was a handler to tell.
    if (this.#closed) this.#handler.close(undefined);
    socket.on("data", (chunk) => {
      if (!this.#closed) this.#handler?.data(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    });
    socket.on("end", () => this.#finish(undefined));
    socket.on("error", (error) => this.#finish(error));
    socket.on("close", () => this.#finish(undefined));
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) return true;
    this.#socket.write(bytes, (error) => {
      if (!error && !this.#closed) this.#handler?.drain();
    });
    return false;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#finish(undefined);
  }

  peerUid(): number | undefined {
    return undefined;
  }

  #finish(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroySoon();
    this.#handler?.close(error);
  }
}
