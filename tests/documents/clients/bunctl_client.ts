/** A client as bunctl-ipc's manual describes it: a u32 little-endian length, then JSON as serde writes it. */
import { Buffer } from "node:buffer";
import { createConnection, type Socket } from "node:net";

export class ManualBunctlClient implements Disposable {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  readonly #frames: unknown[] = [];
  #wake: () => void = () => {};

  constructor(path: string) {
    this.#socket = createConnection(path);
    this.#socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      while (this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readUInt32LE(0)) {
        const end = 4 + this.#bytes.readUInt32LE(0);
        this.#frames.push(JSON.parse(this.#bytes.toString("utf8", 4, end)));
        this.#bytes = this.#bytes.subarray(end);
      }
      this.#wake();
    });
  }

  send(message: unknown): void {
    const json = Buffer.from(JSON.stringify(message));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(json.length);
    this.#socket.write(Buffer.concat([length, json]));
  }

  // deno-lint-ignore no-explicit-any
  async recv(): Promise<any> {
    while (this.#frames.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#frames.shift();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
