import { Buffer } from "node:buffer";
import { FormFeedDecoder } from "../socket/framing/form_feed_decoder.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { FrameWriter } from "../socket/framing/frame_writer.ts";
import { decodeJson } from "../socket/framing/json_text.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import { type IpcMessage, readMessage } from "./messages.ts";

export interface IpcConnectionEvents {
  onMessage(message: IpcMessage): void;
  /** Called once. */
  onClose(): void;
}

/** One end of a connection of packages/ipc: JSON in node-ipc's envelope, a form feed after each. */
export class IpcConnection implements SocketHandler {
  readonly #socket: Socket;
  readonly #events: IpcConnectionEvents;
  readonly #decoder = new FormFeedDecoder({ maxFrameBytes: LIMITS.frameCeiling });
  readonly #writer: FrameWriter;
  #closed = false;

  constructor(socket: Socket, events: IpcConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#writer = new FrameWriter({
      framing: "lines",
      maxFrameBytes: LIMITS.frameCeiling,
      write: (bytes) => socket.write(bytes),
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(message: IpcMessage): void {
    if (this.#closed) return;
    // In one piece: node-ipc's clients look only when their buffer ends with a form feed.
    this.#writer.pushRaw(Buffer.from(`${JSON.stringify({ type: "message", data: message })}\f`));
    // A peer that does not read must not cost memory without bounds.
    if (this.#writer.queuedBytes > LIMITS.outputHard) this.end();
  }

  data(chunk: Buffer): void {
    try {
      this.#decoder.push(chunk, (bytes, start, end) => {
        const message = readMessage(decodeJson(bytes, start, end));
        if (message !== undefined) this.#events.onMessage(message);
      });
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.end();
    }
  }

  drain(): void {
    this.#writer.drained();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#decoder.stop();
    this.#events.onClose();
  }

  /** Sends what is queued and closes. */
  end(): void {
    this.#writer.flush();
    this.#socket.close();
  }
}
