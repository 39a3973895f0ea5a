import { connect, type Socket } from "node:net";

type Message = Record<string, unknown>;

/**
 * A client that knows nothing but lines of JSON, and does with its connection what no well-behaved one would.
 */
export class LineClient implements Disposable {
  readonly socket: Socket;
  /** Resolves when either side has closed. */
  readonly closed: Promise<void>;
  readonly received: Message[] = [];
  #rest = "";
  #wake = () => {};
  #open = true;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("utf8").on("data", (text) => this.#read(String(text)));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) =>
      socket.on("close", () => {
        this.#open = false;
        this.#wake();
        resolve();
      })
    );
  }

  static connect(path: string): Promise<LineClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => resolve(new LineClient(socket)));
      socket.once("error", reject);
    });
  }

  get open(): boolean {
    return this.#open;
  }

  send(...messages: readonly Message[]): void {
    this.socket.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
  }

  /** The next message that has not been taken; undefined when the connection ends without one. */
  async next(): Promise<Message | undefined> {
    while (this.received.length === 0 && this.#open) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.received.shift();
  }

  async ask(method: string, data: unknown = {}): Promise<Message | undefined> {
    this.send({ type: "request", id: method, method, data });
    return await this.next();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.received.push(JSON.parse(line));
    this.#wake();
  }
}

/** What a fresh connection is answered: `ok`, or the name of the error. */
export async function verdict(path: string): Promise<string> {
  try {
    using client = await LineClient.connect(path);
    const answer = await client.ask("daemon.ping");
    if (answer === undefined) return "closed";
    const { error } = answer as { error?: { name: string } };
    return error?.name ?? "ok";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

/** A number of the daemon's own, by `daemon.metrics`. */
export async function metric(path: string, name: string): Promise<number> {
  using client = await LineClient.connect(path);
  const answer = await client.ask("daemon.metrics") as { data: { metrics: Record<string, number> } };
  return answer.data.metrics[name] ?? NaN;
}
