/** node-ipc's frames by hand: `{"type":"message","data":…}` and a form feed. The server speaks first. */
import { createConnection, type Socket } from "node:net";

// deno-lint-ignore no-explicit-any
type Json = any;

export class FrameClient implements Disposable {
  ack: Json;
  readonly #origin: string;
  readonly #socket: Socket;
  readonly #messages: Json[] = [];
  #wake: () => void = () => {};

  private constructor(path: string, origin: string) {
    this.#origin = origin;
    this.#socket = createConnection(path);
    let rest = "";
    this.#socket.setEncoding("utf8").on("data", (text: string) => {
      const frames = (rest + text).split("\f");
      rest = frames.pop() ?? "";
      this.#messages.push(...frames.map((frame) => JSON.parse(frame).data));
      this.#wake();
    });
  }

  /** Ready when the Ack has come. */
  static async connect(path: string, { origin = "client" } = {}): Promise<FrameClient> {
    const client = new FrameClient(path, origin);
    client.ack = await client.next(({ type }) => type === "Ack");
    return client;
  }

  command(data: { commandName: string; data?: unknown }): void {
    const message = { type: "TaskCommand", origin: this.#origin, clientId: this.ack.data.clientId, data };
    this.#socket.write(`${JSON.stringify({ type: "message", data: message })}\f`);
  }

  async next(matches: (message: Json) => boolean): Promise<Json> {
    for (;;) {
      for (let message = this.#messages.shift(); message !== undefined; message = this.#messages.shift()) {
        if (matches(message)) return message;
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** The payload of the next event of this name. */
  async until(eventName: string): Promise<Json> {
    const { data } = await this.next(({ type, data }) =>
      type === "TaskEvent" && data.eventName === eventName
    );
    return data.payload;
  }

  async started(): Promise<string> {
    return (await this.until("taskStarted"))[0];
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
