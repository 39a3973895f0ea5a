import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { type IpcChannel, LocalSocketServer, type Message } from "../channel/mod.ts";
import type { Listener, Socket, SocketHandler } from "../socket/mod.ts";

/** Milliseconds that one command holds the event loop: some never stop sending. */
const SLICE_MS = 4;
/**
 * Turns of the event loop until data that was sent before a command's end has arrived: one accepts, the next
 * reads.
 */
const LAST_TURNS = 3;
/**
 * Milliseconds of silence after the command's end that close a connection which another process holds open.
 */
const SILENCE_MS = 500;
/** Milliseconds for all last messages: a process that the command left behind may go on sending. */
const LAST_WORDS_MS = 10_000;

/** The messages from and to a task's command, over as many connections as it makes. */
export class Conversation {
  readonly #server: LocalSocketServer;
  /** Each with a promise that resolves when all of its messages are read. */
  readonly #channels = new Map<IpcChannel, Promise<void>>();
  /** Messages that wait for the first connection. */
  #unsaid: unknown[] = [];
  /** What a connection got that waited for one. */
  readonly #waited = new Map<IpcChannel, unknown[]>();
  readonly #onEvent: (event: string, data: unknown) => void;
  /** Messages so far. */
  #heard = 0;

  /**
   * @param name of the channel
   * @throws {HaftError} when another process listens there
   */
  static async open(
    name: string,
    onEvent: (event: string, data: unknown) => void,
  ): Promise<Conversation> {
    const conversation = new Conversation(await LocalSocketServer.listen(name), onEvent);
    void conversation.#accept();
    return conversation;
  }

  /** Over a listener that is there already; see {@link take}. */
  static over(
    name: string,
    endpoint: { path: string; listener: Listener | undefined },
    onEvent: (event: string, data: unknown) => void,
  ): Conversation {
    const conversation = new Conversation(LocalSocketServer.over(name, endpoint), onEvent);
    void conversation.#accept();
    return conversation;
  }

  private constructor(server: LocalSocketServer, onEvent: (event: string, data: unknown) => void) {
    this.#server = server;
    this.#onEvent = onEvent;
  }

  /** The value of HAFT_IPC_CHANNEL. */
  get path(): string {
    return this.#server.path;
  }

  /** Takes over a connection that came to the listener. */
  take(socket: Socket): SocketHandler {
    return this.#server.take(socket);
  }

  /** Sends to every connection, or to the first one that comes. */
  say(data: unknown): void {
    if (this.#channels.size === 0) this.#unsaid.push(data);
    for (const channel of this.#channels.keys()) void channel.emit("message", data).catch(() => {});
  }

  /** Call it when the command has ended. Resolves when all that it sent is read. */
  async close(): Promise<void> {
    for (let turn = 0; turn < LAST_TURNS; turn++) await nextTurn();
    await this.#server.close();
    await this.#lastWords();
    for (const channel of [...this.#channels.keys()]) await channel.close();
  }

  /** Resolves when every connection is read to its end, or all of them are silent. */
  async #lastWords(): Promise<void> {
    const all = Promise.all(this.#channels.values()).then(() => true);
    const until = performance.now() + LAST_WORDS_MS;
    for (let heard = -1; heard !== this.#heard && performance.now() < until;) {
      heard = this.#heard;
      const silence = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => silence.resolve(false), SILENCE_MS);
      const over = await Promise.race([all, silence.promise]);
      clearTimeout(timer);
      if (over) return;
    }
  }

  async #accept(): Promise<void> {
    for (;;) {
      let channel: IpcChannel;
      try {
        channel = await this.#server.accept();
      } catch {
        // The server was closed: the command has ended.
        return;
      }
      const read = Promise.withResolvers<void>();
      this.#channels.set(channel, read.promise);
      const waited = this.#unsaid.splice(0);
      if (waited.length > 0) this.#waited.set(channel, waited);
      for (const data of waited) void channel.emit("message", data).catch(() => {});
      void this.#listen(channel).then(read.resolve);
    }
  }

  async #listen(channel: IpcChannel): Promise<void> {
    let until = performance.now() + SLICE_MS;
    for (;;) {
      let message: Message;
      try {
        message = channel.tryRecv() ?? await channel.recv();
      } catch {
        // The channel is closed and read to its end, or the command broke the protocol and got the error.
        this.#channels.delete(channel);
        this.#waited.delete(channel);
        return;
      }
      this.#receive(channel, message);
      if (performance.now() < until) continue;
      await nextTurn();
      until = performance.now() + SLICE_MS;
    }
  }

  #receive(channel: IpcChannel, { type, id, event, data }: Message): void {
    this.#heard++;
    if (type === "event" && event === "say") this.#passOn(channel, data);
    else if (type === "event") this.#onEvent(event ?? "", data);
    else if (type === "data") this.#onEvent("message", data);
    else if (type === "ping") void channel.send({ type: "pong", id }).catch(() => {});
  }

  /** Another haft speaks to the command: it is no connection of the command's. */
  #passOn(channel: IpcChannel, data: unknown): void {
    this.#channels.delete(channel);
    this.#unsaid = [...this.#waited.get(channel) ?? [], ...this.#unsaid];
    this.#waited.delete(channel);
    this.say(data);
  }
}

/** Lets the event loop deal with everything else first. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
