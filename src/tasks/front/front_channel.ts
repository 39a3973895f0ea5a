import { setImmediate } from "node:timers";
import { resolveEndpoint } from "../../channel/resolve_endpoint.ts";
import { type EndpointListener, listen, type Socket, type SocketHandler } from "../../socket/mod.ts";
import type { Conversation } from "../conversation.ts";

/** Turns of the event loop until a connection that was made before a command's end is accepted. */
const LAST_TURNS = 3;

/**
 * The channel of a command in front. Most commands never connect, so what a conversation takes is loaded with
 * the first connection.
 */
export class FrontChannel {
  readonly path: string;
  readonly #name: string;
  readonly #onEvent: (event: string, data: unknown) => void;
  #listener: EndpointListener | undefined;
  #conversation: Promise<Conversation> | undefined;

  private constructor(name: string, onEvent: (event: string, data: unknown) => void) {
    this.#name = name;
    this.path = resolveEndpoint(name, {});
    this.#onEvent = onEvent;
  }

  /** @throws {HaftError} when another process listens there */
  static async open(name: string, onEvent: (event: string, data: unknown) => void): Promise<FrontChannel> {
    const channel = new FrontChannel(name, onEvent);
    channel.#listener = await listen(channel.path, (socket) => channel.#accept(socket));
    return channel;
  }

  /** Sends to every connection, or to the first one that comes. */
  say(data: unknown): void {
    void this.#talk().then((conversation) => conversation.say(data));
  }

  /** Call it when the command has ended. Resolves when all that it sent is read. */
  async close(): Promise<void> {
    for (let turn = 0; turn < LAST_TURNS && this.#conversation === undefined; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#conversation !== undefined) await (await this.#conversation).close();
    else this.#listener?.close();
  }

  #talk(): Promise<Conversation> {
    return this.#conversation ??= import("../conversation.ts").then(({ Conversation }) =>
      Conversation.over(this.#name, { path: this.path, listener: this.#listener }, this.#onEvent)
    );
  }

  /** Nothing is read until there is a conversation. */
  #accept(socket: Socket): SocketHandler {
    socket.pause();
    const early = new EarlySocket();
    void this.#talk().then((conversation) => {
      early.hand(conversation.take(socket));
      socket.resume();
    });
    return early;
  }
}

/** What a socket tells before the one that it is for is loaded. */
class EarlySocket implements SocketHandler {
  #handler: SocketHandler | undefined;
  readonly #told: ((handler: SocketHandler) => void)[] = [];

  hand(handler: SocketHandler): void {
    this.#handler = handler;
    for (const tell of this.#told.splice(0)) tell(handler);
  }

  data(chunk: Buffer): void {
    if (this.#handler !== undefined) return this.#handler.data(chunk);
    // A chunk that was on its way when the socket was paused; its memory is used again.
    const copy = Buffer.from(chunk);
    this.#told.push((handler) => handler.data(copy));
  }

  drain(): void {
    this.#tell((handler) => handler.drain());
  }

  close(error: Error | undefined): void {
    this.#tell((handler) => handler.close(error));
  }

  #tell(tell: (handler: SocketHandler) => void): void {
    if (this.#handler === undefined) this.#told.push(tell);
    else tell(this.#handler);
  }
}
