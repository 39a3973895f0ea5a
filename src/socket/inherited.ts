import { createServer } from "node:net";
import type { Listener, Socket, SocketHandler } from "../runtime/mod.ts";
import { NodeSocket } from "../runtime/node_socket.ts";

/**
 * Accepts from a socket that already listens. Closing it leaves its path alone: the process that made the
 * socket removes it.
 */
export async function listenInherited(
  descriptor: number,
  accept: (socket: Socket) => SocketHandler,
): Promise<Listener> {
  const server = createServer((socket) => {
    new NodeSocket(socket, accept);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ fd: descriptor }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  server.on("error", () => {});
  return { close: () => void server.close() };
}
