import { Buffer } from "node:buffer";
import { connect, createServer, type Socket as NetSocket } from "node:net";
import type { Listener, Socket, SocketHandler } from "../runtime/mod.ts";

/**
 * Windows named pipes, through `node:net`: neither runtime has them natively. (`node:net` takes the path of a unix
 * socket just as well, which is how this file is tested elsewhere.)
 */
export async function listenPipe(
  path: string,
  accept: (socket: Socket) => SocketHandler,
): Promise<Listener> {
  const server = createServer((socket) => {
    new PipeSocket(socket, accept);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // The first instance of the pipe must be ours: the system refuses with EADDRINUSE when it is not.
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  // A failed accept (no handle is free) is not the server's end.
  server.on("error", () => {});
  return { close: () => void server.close() };
}

export async function connectPipe(
  path: string,
  attach: (socket: Socket) => SocketHandler,
): Promise<Socket> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve();
    });
  });
  return new PipeSocket(socket, attach);
}

class PipeSocket implements Socket {
  readonly #socket: NetSocket;
  readonly #handler: SocketHandler;
  #closed = false;

  constructor(socket: NetSocket, attach: (socket: Socket) => SocketHandler) {
    this.#socket = socket;
    this.#handler = attach(this);
    socket.on("data", (chunk) => {
      if (!this.#closed) this.#handler.data(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    });
    socket.on("end", () => this.#finish(undefined));
    socket.on("error", (error) => this.#finish(error));
    socket.on("close", () => this.#finish(undefined));
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) return true;
    this.#socket.write(bytes, (error) => {
      if (!error && !this.#closed) this.#handler.drain();
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
    this.#handler.close(error);
  }
}
