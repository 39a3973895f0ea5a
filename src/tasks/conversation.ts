import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { type IpcChannel, LocalSocketServer, type Message } from "../channel/mod.ts";

/** Milliseconds that one command is listened to before everybody else has a turn: some never stop talking. */
const SLICE_MS = 4;
/** Turns until what was sent before a command's end has come: one accepts its connection, the next one reads. */
const LAST_TURNS = 3;
/** Milliseconds of silence after the command's end that end a connection which another process keeps open. */
const SILENCE_MS = 500;
/** Milliseconds for all of its last words: a process that it left behind may go on talking. */
const LAST_WORDS_MS = 10_000;

/** What a task's command says and is told, over as many connections as it makes. */
export class Conversation {
  readonly #server: LocalSocketServer;
  /** With what resolves when all that came over it was heard. */
  readonly #channels = new Map<IpcChannel, Promise<void>>();
  /** Said while nobody was connected. */
  readonly #unsaid: unknown[] = [];
  readonly #onEvent: (event: string, data: unknown) => void;
  /** Messages so far. */
  #heard = 0;

  /**
   * @param name of the channel
   * @throws {HaftError} when somebody else has it
   */
  static async open(
    name: string,
    onEvent: (event: string, data: unknown) => void,
  ): Promise<Conversation> {
    const conversation = new Conversation(await LocalSocketServer.listen(name), onEvent);
    void conversation.#accept();
    return conversation;
  }

  private constructor(server: LocalSocketServer, onEvent: (event: string, data: unknown) => void) {
    this.#server = server;
    this.#onEvent = onEvent;
  }

  /** Where the command finds it. */
  get path(): string {
    return this.#server.path;
  }

  /** Tells the command, or whoever connects first. */
  say(data: unknown): void {
    if (this.#channels.size === 0) this.#unsaid.push(data);
    for (const channel of this.#channels.keys()) void channel.emit("message", data).catch(() => {});
  }

  /** The command has ended. Resolves when what it said before was heard to the end. */
  async close(): Promise<void> {
    for (let turn = 0; turn < LAST_TURNS; turn++) await nextTurn();
    await this.#server.close();
    await this.#lastWords();
    for (const channel of [...this.#channels.keys()]) await channel.close();
  }

  /** Resolves when every connection was heard to its end, or none says anything more. */
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
      this.#channels.set(channel, this.#listen(channel));
      for (const data of this.#unsaid.splice(0)) void channel.emit("message", data).catch(() => {});
    }
  }

  async #listen(channel: IpcChannel): Promise<void> {
    let until = performance.now() + SLICE_MS;
    for (;;) {
      let message: Message;
      try {
        message = channel.tryRecv() ?? await channel.recv();
      } catch {
        // Closed, and all was heard; or the command broke the protocol, and was told so.
        this.#channels.delete(channel);
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
    if (type === "event") this.#onEvent(event ?? "", data);
    else if (type === "data") this.#onEvent("message", data);
    else if (type === "ping") void channel.send({ type: "pong", id }).catch(() => {});
  }
}

/** Lets everything else that has come be dealt with first. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
