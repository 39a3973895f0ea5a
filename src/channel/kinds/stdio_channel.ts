/**
 * The legacy kind: messages as lines of JSON on a child's stdin and stdout. Everything else that the
 * program prints on stdout goes to a log; so a program that prints cannot break the
 * channel, but a line that looks like a message is one.
 */
import { Buffer } from "node:buffer";
import { StringDecoder } from "node:string_decoder";
import type { Readable, Writable } from "node:stream";
import { errorMessage } from "../../base/errors.ts";
import type { Message } from "../../protocol/envelope.ts";
import { isMessage } from "../../protocol/is_message.ts";
import { decodeJson } from "../../socket/framing/json_text.ts";
import { LIMITS } from "../../socket/limits.ts";
import { BaseChannel } from "../base_channel.ts";
import { type ChannelError, Disconnected, Serialization } from "../errors.ts";
import { ACCEPTED, WaitingSends } from "../waiting_sends.ts";

export interface StdioOptions {
  /** A line that is no message. */
  onLog?: (line: string) => void;
}

export class StdioChannel extends BaseChannel {
  readonly closed: Promise<void>;
  readonly #output: Writable;
  readonly #onLog: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  readonly #waiting: WaitingSends<string>;
  #blocked = false;
  #rest = "";
  #end: ChannelError | undefined;
  #resolveClosed: () => void = () => {};

  /**
   * @param streams the other side's stdout, and its stdin; or, in the child, `process.stdin` and
   * `process.stdout`
   */
  constructor(
    name: string,
    { input, output }: { input: Readable; output: Writable },
    { onLog = () => {} }: StdioOptions = {},
  ) {
    super({ name, kind: "stdio", onTaken: () => this.#readOn(input) });
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#output = output;
    this.#waiting = new WaitingSends(name, () => output.writableLength);
    output.on("drain", () => {
      this.#blocked = false;
      this.#waiting.admit((text) => this.#write(text));
    });
    this.#onLog = onLog;
    input.on("data", (chunk: Uint8Array) => {
      this.figures.bytesReceived += chunk.length;
      this.#receive(this.#decoder.write(chunk));
      if (this.inbox.size >= LIMITS.unreadBytes || this.inbox.length >= LIMITS.unreadMessages) input.pause();
    });
    for (const event of ["end", "close", "error"]) {
      input.on(event, () => this.#finish(new Disconnected(`Peer of channel "${name}" closed its stdout`)));
    }
    // The end of the input says that the peer has gone.
    output.on("error", () => this.#finish(new Disconnected(`Peer of channel "${name}" closed its stdin`)));
  }

  close(): Promise<void> {
    this.#output.end();
    this.#finish(new Disconnected(`Channel "${this.name}" was closed by this side`));
    return this.closed;
  }

  protected override transmit(message: Message, signal: AbortSignal | undefined): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const text = `${this.#textOf(message)}\n`;
    if (this.#waiting.size === 0) {
      const written = this.#write(text);
      if (written !== undefined) return written;
    }
    this.figures.queued(this.#output.writableLength);
    return this.#waiting.add(text, text.length, signal);
  }

  /** @returns undefined while the pipe holds what the other side has not read */
  #write(text: string): Promise<void> | undefined {
    if (this.#blocked) return undefined;
    this.figures.bytesSent += Buffer.byteLength(text);
    this.#blocked = !this.#output.write(text);
    return ACCEPTED;
  }

  #textOf(message: Message): string {
    let text: string;
    try {
      text = JSON.stringify(message);
    } catch (error) {
      throw new Serialization(`Cannot send on channel "${this.name}": ${errorMessage(error)}`, {
        cause: error,
      });
    }
    const bytes = Buffer.byteLength(text);
    if (bytes <= LIMITS.frame) return text;
    throw new Serialization(
      `Cannot send on channel "${this.name}": message of ${bytes} bytes; at most ${LIMITS.frame} are allowed`,
    );
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
    this.#waiting.rejectAll(reason);
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
