import { Buffer } from "node:buffer";
import { connect, createServer, type Server, type Socket } from "node:net";
import { LoopbackRegistry } from "../../tests/support/loopback_registry.ts";

/** The stranger's own host: a registry behind a socket that keeps every byte it is sent. */
export class Recorder implements AsyncDisposable {
  readonly registry: LoopbackRegistry;
  readonly #server: Server;
  readonly #received: Uint8Array[] = [];
  readonly #sockets = new Set<Socket>();
  #port = 0;

  static async start(): Promise<Recorder> {
    const recorder = new Recorder(await LoopbackRegistry.start());
    await new Promise<void>((resolve) => recorder.#server.listen(0, "127.0.0.1", resolve));
    const address = recorder.#server.address();
    if (typeof address === "object" && address !== null) recorder.#port = address.port;
    recorder.registry.settings.publicUrl = recorder.url;
    return recorder;
  }

  private constructor(registry: LoopbackRegistry) {
    this.registry = registry;
    this.#server = createServer((socket) => {
      const behind = connect(Number(new URL(registry.ownUrl).port), "127.0.0.1");
      for (const each of [socket, behind]) {
        this.#sockets.add(each);
        each.on("error", () => each.destroy()).on("close", () => this.#sockets.delete(each));
      }
      socket.on("data", (chunk: Uint8Array) => this.#received.push(chunk));
      socket.pipe(behind).pipe(socket);
    });
  }

  /** `127.0.0.1:PORT`, which a .npmrc's keys begin with. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get url(): string {
    return `http://${this.host}/`;
  }

  /** All that was sent, each byte as one character. */
  get bytes(): string {
    return Buffer.concat(this.#received).toString("latin1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([
      new Promise<void>((resolve) => this.#server.close(() => resolve())),
      this.registry.close(),
    ]);
  }
}
