/**
 * A channel across threads, over a MessagePort. Messages of one turn go in one post, and are bounded by credits: each side may have
 * so many messages at the other that nobody has taken.
 */
import type { Message } from "../protocol/envelope.ts";
import { ACCEPTED, BaseChannel } from "./base_channel.ts";
import { type ChannelError, Disconnected } from "./errors.ts";

/** What goes through the port: messages, credits given back, or the end. */
type Post =
  | { messages: Message[] }
  | { credits: number }
  | { end: true };

interface Waiting {
  message: Message;
  resolve(): void;
  reject(error: unknown): void;
}

const DEFAULT_CAPACITY = 1024;

export class PortChannel extends BaseChannel {
  readonly closed: Promise<void>;
  readonly #port: MessagePort;
  readonly #capacity: number;
  readonly #waiting: Waiting[] = [];
  #batch: Message[] = [];
  #credits: number;
  #taken = 0;
  #lastLength = 0;
  #end: ChannelError | undefined;
  #resolveClosed: () => void = () => {};

  /**
   * One end of a pair of ports, e.g. of `new MessageChannel()` whose other port was handed to a worker; the other side does the
   * same, with the same capacity. A worker that is terminated cannot say so: whoever terminates it closes the channel.
   */
  constructor(name: string, port: MessagePort, capacity: number = DEFAULT_CAPACITY) {
    super({ name, kind: "worker", onTaken: () => this.#onTaken() });
    if (!(capacity >= 1)) throw new RangeError(`Capacity of channel "${name}" has to be at least 1`);
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#port = port;
    this.#capacity = capacity;
    this.#credits = capacity;
    port.onmessage = ({ data }) => this.#receive(data as Post);
    port.onmessageerror = () =>
      this.#finish(new Disconnected(`Channel "${name}" got what cannot be passed on`));
  }

  close(): Promise<void> {
    if (this.#end === undefined) {
      this.#flush();
      this.#port.postMessage({ end: true } satisfies Post);
      this.#finish(new Disconnected(`Channel "${this.name}" was closed by this side`));
    }
    return this.closed;
  }

  protected override transmit(message: Message, signal: AbortSignal | undefined): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    if (this.#credits > 0 && this.#waiting.length === 0) {
      this.#credits--;
      this.#queue(message);
      return ACCEPTED;
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { message, resolve, reject };
      this.#waiting.push(waiting);
      this.figures.queued(this.#waiting.length);
      signal?.addEventListener("abort", () => {
        const index = this.#waiting.indexOf(waiting);
        if (index < 0) return;
        this.#waiting.splice(index, 1);
        reject(signal.reason);
      }, { once: true });
    });
  }

  #queue(message: Message): void {
    if (this.#batch.push(message) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#batch.length === 0 || this.#end !== undefined) return;
    this.#port.postMessage({ messages: this.#batch } satisfies Post);
    this.#batch = [];
  }

  #receive(post: Post): void {
    if (this.#end !== undefined) return;
    if ("messages" in post) {
      for (const message of post.messages) {
        this.#lastLength = this.inbox.length;
        this.deliver(message, 0);
        // A reader or a listener took it at once.
        if (this.inbox.length === this.#lastLength) this.#count(1);
      }
      this.#giveBack();
    } else if ("credits" in post) {
      this.#credits += post.credits;
      while (this.#credits > 0) {
        const waiting = this.#waiting.shift();
        if (waiting === undefined) break;
        this.#credits--;
        this.#queue(waiting.message);
        waiting.resolve();
      }
    } else this.#finish(new Disconnected(`Peer of channel "${this.name}" closed it`));
  }

  #onTaken(): void {
    this.#count(1);
    this.#giveBack();
  }

  #count(messages: number): void {
    this.#taken += messages;
  }

  /** In halves of the capacity, or when nothing is left to take: a post for each message would cost more than the message. */
  #giveBack(): void {
    if (this.#taken === 0 || (this.#taken < this.#capacity / 2 && this.inbox.length > 0)) return;
    this.#port.postMessage({ credits: this.#taken } satisfies Post);
    this.#taken = 0;
  }

  #finish(reason: ChannelError): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.end(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    // In a later turn: a post that was just made would be lost with the port.
    setTimeout(() => this.#port.close(), 0);
    this.#resolveClosed();
  }
}
