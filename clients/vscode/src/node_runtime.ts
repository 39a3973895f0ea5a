/** The runtime seam under Node: all that a client of the daemon needs of it is a socket. */
import { connect } from "node:net";
import type { Runtime, Socket, SocketHandler } from "../../../src/runtime/types.ts";
import { NodeSocket } from "../../../src/socket/node_socket.ts";

export const runtime: Pick<Runtime, "connectUnix"> = { connectUnix };

function connectUnix(path: string, attach: (socket: Socket) => SocketHandler): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const native = connect(path);
    native.once("error", reject);
    native.once("connect", () => {
      native.off("error", reject);
      resolve(new NodeSocket(native, attach));
    });
  });
}
