/** JSON texts over a socket: by lines, or after a u32 little-endian length. */
import { Buffer } from "node:buffer";
import { createConnection, type Socket } from "node:net";

// deno-lint-ignore no-explicit-any
type Json = any;

export class JsonClient implements Disposable {
  readonly #socket: Socket;
  readonly #framing: "lines" | "length";
  readonly #messages: Json[] = [];
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(path: string, framing: "lines" | "length") {
    this.#framing = framing;
    this.#socket = createConnection(path);
    this.#socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      for (let frame = this.#take(); frame !== undefined; frame = this.#take()) {
        this.#messages.push(JSON.parse(frame));
      }
      this.#wake();
    });
  }

  send(message: Json): void {
    const json = Buffer.from(JSON.stringify(message));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(json.length);
    this.#socket.write(
      this.#framing === "lines" ? Buffer.concat([json, Buffer.from("\n")]) : Buffer.concat([length, json]),
    );
  }

  async recv(): Promise<Json> {
    while (this.#messages.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#messages.shift();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #take(): string | undefined {
    const [start, end] = this.#framing === "lines"
      ? [0, this.#bytes.indexOf("\n")]
      : [4, this.#bytes.length < 4 ? -1 : 4 + this.#bytes.readUInt32LE(0)];
    if (end < 0 || end > this.#bytes.length) return undefined;
    const text = this.#bytes.toString("utf8", start, end);
    this.#bytes = this.#bytes.subarray(this.#framing === "lines" ? end + 1 : end);
    return text;
  }
}
