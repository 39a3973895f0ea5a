import { type IpcChannel, LocalSocketServer, type Message } from "../channel/mod.ts";

/** What a task's command says and is told, over as many connections as it makes. */
export class Conversation {
  readonly #server: LocalSocketServer;
  readonly #channels = new Set<IpcChannel>();
  /** Said while nobody was connected. */
  readonly #unsaid: unknown[] = [];
  readonly #onEvent: (event: string, data: unknown) => void;

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
    for (const channel of this.#channels) void channel.emit("message", data).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#server.close();
    for (const channel of this.#channels) await channel.close();
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
      this.#channels.add(channel);
      void channel.closed.then(() => this.#channels.delete(channel));
      channel.onMessage((message) => this.#receive(channel, message));
      for (const data of this.#unsaid.splice(0)) void channel.emit("message", data).catch(() => {});
    }
  }

  #receive(channel: IpcChannel, { type, id, event, data }: Message): void {
    if (type === "event") this.#onEvent(event ?? "", data);
    else if (type === "data") this.#onEvent("message", data);
    else if (type === "ping") void channel.send({ type: "pong", id }).catch(() => {});
  }
}
