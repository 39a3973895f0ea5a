import { EventEmitter } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { nobodyListens } from "../socket/absent.ts";
import { connect } from "../socket/mod.ts";
import { IpcConnection } from "./ipc_connection.ts";
import type { Ack, IpcMessage, TaskCommand, TaskEvent } from "./messages.ts";

export interface IpcClientEvents {
  connect: [];
  disconnect: [];
  ack: [ack: Ack];
  taskEvent: [event: TaskEvent];
  /** The socket is there, and not safe to use. */
  error: [error: unknown];
}

/** Milliseconds between attempts to connect, as node-ipc's clients have it. */
const RETRY_MS = 500;

/**
 * The client of packages/ipc, as its document has it. It connects as soon as it is made, and again whenever
 * the server went, until {@link IpcClient.disconnect}.
 *
 * ```ts
 * const client = new IpcClient("/run/user/1000/tool.sock");
 * client.on("ack", () => client.sendCommand({ commandName: "StartNewTask", data: { text: "go" } }));
 * client.on("taskEvent", ({ type, taskId }) => console.log(type, taskId));
 * ```
 */
export class IpcClient extends EventEmitter<IpcClientEvents> {
  readonly socketPath: string;
  readonly #stop = new AbortController();
  #connection: IpcConnection | undefined;
  #ack: Ack | undefined;

  constructor(socketPath: string) {
    super();
    this.socketPath = socketPath;
    void this.#connect();
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Whether the server has acknowledged this client. */
  get isReady(): boolean {
    return this.#ack !== undefined;
  }

  /** Given by the server; undefined before its Ack. */
  get clientId(): string | undefined {
    return this.#ack?.clientId;
  }

  /** @throws {Error} before the server's Ack */
  sendCommand(command: TaskCommand): void {
    if (this.#ack === undefined) throw new Error("The server has not acknowledged this client yet");
    this.sendMessage({
      type: "TaskCommand",
      origin: "Client",
      clientId: this.#ack.clientId,
      data: command,
    });
  }

  /** @throws {Error} while there is no connection */
  sendMessage(message: IpcMessage): void {
    if (this.#connection === undefined) throw new Error(`Nothing listens at "${this.socketPath}" yet`);
    this.#connection.send(message);
  }

  /** Closes the connection for good. */
  disconnect(): void {
    this.#stop.abort();
    this.#connection?.end();
  }

  async #connect(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#attempt();
        return;
      } catch (error) {
        if (!nobodyListens(error)) {
          this.emit("error", error);
          return;
        }
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #attempt(): Promise<void> {
    let connection: IpcConnection | undefined;
    await connect(this.socketPath, (socket) =>
      connection = new IpcConnection(socket, {
        onMessage: (message) => this.#onMessage(message),
        onClose: () => this.#onClose(),
      }), { mayBeShared: true });
    this.#connection = connection;
    if (this.#stop.signal.aborted) connection?.end();
    else this.emit("connect");
  }

  #onMessage(message: IpcMessage): void {
    if (message.type === "Ack") {
      this.#ack = message.data;
      this.emit("ack", message.data);
    } else if (message.type === "TaskEvent") this.emit("taskEvent", message.data);
  }

  #onClose(): void {
    this.#connection = undefined;
    this.#ack = undefined;
    this.emit("disconnect");
    void this.#connect();
  }
}
