/**
 * The legacy kind: messages as lines of JSON on a child's stdin and stdout. Whatever else the program prints on stdout, which is all that
 * is no message, goes to a log; so a program that prints cannot break the channel, but a line that looks like a message is one.
 */
import { Buffer } from "node:buffer";
import { StringDecoder } from "node:string_decoder";
import type { Readable, Writable } from "node:stream";
import type { Message } from "../protocol/envelope.ts";
import { isMessage } from "../protocol/is_message.ts";
import { decodeJson } from "../socket/framing/json_text.ts";
import { LIMITS } from "../socket/limits.ts";
import { ACCEPTED, BaseChannel } from "./base_channel.ts";
import { type ChannelError, Disconnected, Serialization } from "./errors.ts";

export interface StdioOptions {
  /** A line that is no message. */
  onLog?: (line: string) => void;
}

export class StdioChannel extends BaseChannel {
  readonly closed: Promise<void>;
  readonly #output: Writable;
  readonly #onLog: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";
  #end: ChannelError | undefined;
  #resolveClosed: () => void = () => {};

  /** @param streams the other side's stdout, and its stdin; or, in the child, `process.stdin` and `process.stdout` */
  constructor(
    name: string,
    { input, output }: { input: Readable; output: Writable },
    { onLog = () => {} }: StdioOptions = {},
  ) {
    super({ name, kind: "stdio", onTaken: () => this.#readOn(input) });
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#output = output;
    this.#onLog = onLog;
    input.on("data", (chunk: Uint8Array) => {
      this.figures.bytesReceived += chunk.length;
      this.#receive(this.#decoder.write(chunk));
      if (this.inbox.size >= LIMITS.unreadBytes || this.inbox.length >= LIMITS.unreadMessages) input.pause();
    });
    for (const event of ["end", "close", "error"]) {
      input.on(event, () => this.#finish(new Disconnected(`Peer of channel "${name}" closed its stdout`)));
    }
    // A peer that has gone is told by its end of the input.
    output.on("error", () => this.#finish(new Disconnected(`Peer of channel "${name}" closed its stdin`)));
  }

  close(): Promise<void> {
    this.#output.end();
    this.#finish(new Disconnected(`Channel "${this.name}" was closed by this side`));
    return this.closed;
  }

  protected override transmit(message: Message): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    let text: string;
    try {
      text = `${JSON.stringify(message)}\n`;
    } catch (error) {
      return Promise.reject(
        new Serialization(`Cannot send on channel "${this.name}": ${(error as Error).message}`, {
          cause: error,
        }),
      );
    }
    this.figures.bytesSent += text.length;
    if (this.#output.write(text)) return ACCEPTED;
    this.figures.queued(this.#output.writableLength);
    return new Promise((resolve, reject) => {
      this.#output.once("drain", resolve);
      void this.closed.then(() => reject(this.#end));
    });
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line.replace(/\r$/, ""));
    if (this.#rest.length <= LIMITS.frame) return;
    this.#onLog(this.#rest);
    this.#rest = "";
  }

  #line(line: string): void {
    if (line === "") return;
    const message = messageOf(line);
    if (message === undefined) this.#onLog(line);
    else this.deliver(message, line.length);
  }

  #readOn(input: Readable): void {
    if (input.isPaused() && this.inbox.size <= LIMITS.unreadBytes / 2) input.resume();
  }

  #finish(reason: ChannelError): void {
    if (this.#end !== undefined) return;
    if (this.#rest !== "") this.#line(this.#rest);
    this.#end = reason;
    this.end(reason);
    this.#resolveClosed();
  }
}

function messageOf(line: string): Message | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const bytes = Buffer.from(line);
    const value = decodeJson(bytes, 0, bytes.length);
    return isMessage(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
