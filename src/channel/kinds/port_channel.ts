/**
 * A channel across threads, over a MessagePort. Messages of one turn go in one post, and are bounded by
 * credits: each side may have so many unread messages at the other. What is sent is copied at once.
 */
import { setImmediate } from "node:timers";
import { errorMessage } from "../../base/errors.ts";
import type { Message } from "../../protocol/envelope.ts";
import { BaseChannel } from "../base_channel.ts";
import { type ChannelError, Disconnected, Serialization } from "../errors.ts";
import { ACCEPTED, WaitingSends } from "../waiting_sends.ts";

/** A message, or the data alone of several `{type: "data", data}`, which is copied ten times as fast. */
type Posted = Message | unknown[];

/** What goes through the port: messages with their sender's capacity, credits given back, or the end. */
type Post =
  | { messages: Posted[]; capacity: number }
  | { credits: number }
  | { end: true };

const DEFAULT_CAPACITY = 1024;
/** Messages of one post: each post costs as much as some messages. */
const MOST_IN_POST = 256;

/** What the channel uses of a MessagePort. The web's type and Node's of that name differ; both fit this. */
export interface Port {
  onmessage: unknown;
  onmessageerror: unknown;
  postMessage(message: unknown): void;
  close(): void;
}

export class PortChannel extends BaseChannel {
  readonly closed: Promise<void>;
  readonly #port: Port;
  readonly #capacity: number;
  readonly #waiting: WaitingSends<Message>;
  #batch: Posted[] = [];
  /** The batch's last entry, if data is added to it. */
  #dataOfBatch: unknown[] | undefined;
  /** Messages in the batch. */
  #count = 0;
  /** What is queued now goes when the turn ends. */
  #turnEnds = false;
  #credits: number;
  /** Messages that have come, and those for which the peer has its credits back. */
  #received = 0;
  #givenBack = 0;
  /** Credits that are given back at once: a sender with fewer than the capacity here would wait for ever. */
  #giveBackAt: number;
  #end: ChannelError | undefined;
  #resolveClosed: () => void = () => {};

  /**
   * One end of a pair of ports, e.g. of `new MessageChannel()` whose other port was handed to a worker; the
   * other side does the same. A worker that is terminated cannot say so: close the channel where you
   * terminate it.
   *
   * @param capacity messages of this side that the other may hold unread
   */
  constructor(name: string, port: Port, capacity: number = DEFAULT_CAPACITY) {
    super({ name, kind: "worker", onTaken: () => this.#giveBack() });
    if (!(capacity >= 1)) throw new RangeError(`Capacity of channel "${name}" has to be at least 1`);
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#waiting = new WaitingSends(name);
    this.#port = port;
    this.#capacity = capacity;
    this.#credits = capacity;
    this.#giveBackAt = capacity / 2;
    port.onmessage = ({ data }: { data: unknown }) => this.#receive(data as Post);
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
    return this.#accept(this.#copy(message), signal);
  }

  protected override transmitData(data: unknown, signal: AbortSignal | undefined): Promise<void> {
    const copy = cannotChange(data) ? data : this.#copy(data);
    if (this.#credits === 0 || this.#waiting.size > 0 || this.#end !== undefined) {
      return this.#accept({ type: "data", data: copy }, signal);
    }
    this.#credits--;
    this.#queueData(copy);
    return ACCEPTED;
  }

  /**
   * The post comes after the send has resolved: by then the sender may have changed what it sent, and what
   * cannot be cloned would take the rest of its post with it.
   *
   * @throws {Serialization}
   */
  #copy<T>(value: T): T {
    try {
      return structuredClone(value);
    } catch (error) {
      const text = `Cannot send on channel "${this.name}": ${errorMessage(error)}`;
      throw new Serialization(text, { cause: error });
    }
  }

  #accept(message: Message, signal: AbortSignal | undefined): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    if (this.#waiting.size === 0) {
      const placed = this.#place(message);
      if (placed !== undefined) return placed;
    }
    const accepted = this.#waiting.add(message, 0, signal);
    this.figures.queued(this.#waiting.size);
    return accepted;
  }

  /** @returns undefined while the other side holds all that it may */
  #place(message: Message): Promise<void> | undefined {
    if (this.#credits === 0) return undefined;
    this.#credits--;
    this.#queue(message);
    return ACCEPTED;
  }

  #queue(message: Message): void {
    if (isData(message)) return this.#queueData(message.data);
    this.#batch.push(message);
    this.#dataOfBatch = undefined;
    this.#count++;
    this.#postSoon();
  }

  #queueData(data: unknown): void {
    if (this.#dataOfBatch === undefined) this.#batch.push(this.#dataOfBatch = [data]);
    else this.#dataOfBatch.push(data);
    const count = ++this.#count;
    if (count === 1 || count >= MOST_IN_POST) this.#postSoon();
  }

  /**
   * The first message of a turn goes at once; those that follow it in the same turn, at its end or when they
   * are many.
   */
  #postSoon(): void {
    if (this.#count >= MOST_IN_POST) this.#flush();
    else if (this.#count === 1 && !this.#turnEnds) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#count === 0 || this.#end !== undefined) return;
    const messages = this.#batch;
    this.#batch = [];
    this.#dataOfBatch = undefined;
    this.#count = 0;
    this.#port.postMessage({ messages, capacity: this.#capacity } satisfies Post);
    if (this.#turnEnds) return;
    this.#turnEnds = true;
    setImmediate(() => {
      this.#turnEnds = false;
      this.#flush();
    });
  }

  #receive(post: Post): void {
    if (this.#end !== undefined) return;
    if ("messages" in post) {
      this.#giveBackAt = Math.min(this.#capacity, post.capacity) / 2;
      for (const posted of post.messages) {
        if (Array.isArray(posted)) this.#receiveData(posted);
        else {
          this.#received++;
          this.deliver(posted, 0);
        }
      }
      this.#giveBack();
    } else if ("credits" in post) {
      this.#credits += post.credits;
      this.#waiting.admit((message) => this.#place(message));
    } else this.#finish(new Disconnected(`Peer of channel "${this.name}" closed it`));
  }

  #receiveData(list: unknown[]): void {
    for (let i = 0; i < list.length; i++) {
      this.#received++;
      this.deliver({ type: "data", data: list[i] }, 0);
    }
  }

  /** In halves of the smaller capacity: a post for each message would cost more than the message. */
  #giveBack(): void {
    const taken = this.#received - this.inbox.length - this.#givenBack;
    if (taken < this.#giveBackAt) return;
    this.#givenBack += taken;
    this.#port.postMessage({ credits: taken } satisfies Post);
  }

  #finish(reason: ChannelError): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.end(reason);
    this.#waiting.rejectAll(reason);
    // In a later turn: a post that was just made would be lost with the port.
    setTimeout(() => this.#port.close(), 0);
    this.#resolveClosed();
  }
}

function isData(message: Message): boolean {
  return message.type === "data" && "data" in message && Object.keys(message).length === 2;
}

/** A number, a text or the like. */
function cannotChange(value: unknown): boolean {
  const type = typeof value;
  return value === null || type !== "object" && type !== "function" && type !== "symbol";
}
