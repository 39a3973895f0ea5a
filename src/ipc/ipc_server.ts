import { EventEmitter } from "node:events";
import process from "node:process";
import { randomId } from "../base/random_id.ts";
import { type EndpointListener, listen } from "../socket/mod.ts";
import { IpcConnection } from "./ipc_connection.ts";
import type { IpcMessage, TaskCommand } from "./messages.ts";

export interface IpcServerEvents {
  connect: [clientId: string];
  disconnect: [clientId: string];
  taskCommand: [clientId: string, command: TaskCommand];
}

/**
 * The server of packages/ipc, as its document has it. Each client gets an id in its Ack.
 *
 * ```ts
 * const server = new IpcServer("/run/user/1000/tool.sock");
 * server.on("taskCommand", (clientId, { commandName }) => console.log(clientId, commandName));
 * await server.listen();
 * server.broadcast({ type: "TaskEvent", origin: "Server", data: { type: "TaskStarted", taskId: "1" } });
 * ```
 */
export class IpcServer extends EventEmitter<IpcServerEvents> {
  readonly socketPath: string;
  readonly #clients = new Map<string, IpcConnection>();
  #listener: EndpointListener | undefined;

  constructor(socketPath: string) {
    super();
    this.socketPath = socketPath;
  }

  get isListening(): boolean {
    return this.#listener !== undefined;
  }

  /** @throws {HaftError} another process listens there, or the path is not safe to use */
  async listen(): Promise<void> {
    this.#listener ??= await listen(this.socketPath, (socket) => {
      const clientId = randomId();
      const connection = new IpcConnection(socket, {
        onMessage: (message) => {
          if (message.type === "TaskCommand") this.emit("taskCommand", clientId, message.data);
        },
        onClose: () => {
          this.#clients.delete(clientId);
          this.emit("disconnect", clientId);
        },
      });
      this.#clients.set(clientId, connection);
      connection.send({
        type: "Ack",
        origin: "Server",
        data: { clientId, pid: process.pid, ppid: process.ppid },
      });
      this.emit("connect", clientId);
      return connection;
    }, { mayBeShared: true });
  }

  /** To every client. */
  broadcast(message: IpcMessage): void {
    for (const client of this.#clients.values()) client.send(message);
  }

  /** To one client. @returns false when it is not connected */
  send(clientId: string, message: IpcMessage): boolean {
    const client = this.#clients.get(clientId);
    client?.send(message);
    return client !== undefined;
  }

  /** Stops listening and closes every connection. */
  close(): void {
    this.#listener?.close();
    this.#listener = undefined;
    for (const client of this.#clients.values()) client.end();
  }
}
