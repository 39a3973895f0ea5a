import { connect, createServer } from "node:net";
import type { Listener, Socket, SocketHandler } from "../runtime/mod.ts";
import { NodeSocket } from "./node_socket.ts";

/**
 * Windows named pipes, through `node:net`: neither runtime has them natively. (`node:net` takes the path of a unix
 * socket just as well, which is how this file is tested elsewhere.)
 */
export async function listenPipe(
  path: string,
  accept: (socket: Socket) => SocketHandler,
): Promise<Listener> {
  const server = createServer((socket) => {
    new NodeSocket(socket, accept);
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
  return new NodeSocket(socket, attach);
}
