import type { Message } from "../../protocol/envelope.ts";
import { BaseChannel } from "../base_channel.ts";
import { type ChannelError, Disconnected } from "../errors.ts";
import { ACCEPTED, WaitingSends } from "../waiting_sends.ts";

/** Messages that one direction of a pair holds before senders wait. */
const DEFAULT_CAPACITY = 1024;

/**
 * A channel inside one process. Messages are handed over as they are, not copied: the sender gives it
 * away. Each direction is bounded; a sender waits while it is full.
 */
export class ThreadChannel extends BaseChannel {
  readonly closed: Promise<void>;
  readonly #capacity: number;
  /** Sends of the peer that found this inbox full. */
  readonly #waiting: WaitingSends<Message>;
  #peer: ThreadChannel | undefined;
  #end: ChannelError | undefined;
  #resolveClosed: () => void = () => {};

  private constructor(name: string, capacity: number) {
    super({ name, kind: "thread", onTaken: () => this.#admit() });
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#capacity = capacity;
    this.#waiting = new WaitingSends(name);
  }

  /** @param capacity unread messages that each direction holds; at least 1 */
  static pair(name: string, capacity: number = DEFAULT_CAPACITY): [ThreadChannel, ThreadChannel] {
    if (!(capacity >= 1)) throw new RangeError(`Capacity of channel "${name}" has to be at least 1`);
    const left = new ThreadChannel(name, capacity);
    const right = new ThreadChannel(name, capacity);
    left.#peer = right;
    right.#peer = left;
    return [left, right];
  }

  protected override transmit(message: Message, signal: AbortSignal | undefined): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const peer = this.#peer;
    return peer === undefined ? ACCEPTED : peer.#put(message, signal) ?? ACCEPTED;
  }

  close(): Promise<void> {
    const peer = this.#peer;
    this.#finish(new Disconnected(`Channel "${this.name}" was closed by this side`));
    if (peer !== undefined) peer.#finish(new Disconnected(`Peer of channel "${this.name}" closed it`));
    return this.closed;
  }

  #put(message: Message, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#waiting.size === 0 && this.inbox.length < this.#capacity) {
      this.deliver(message, 0);
      return undefined;
    }
    const accepted = this.#waiting.add(message, 0, signal);
    this.figures.queued(this.inbox.length + this.#waiting.size);
    return accepted;
  }

  #admit(): void {
    this.#waiting.admit((message) => {
      if (this.inbox.length >= this.#capacity) return undefined;
      this.deliver(message, 0);
      return ACCEPTED;
    });
  }

  #finish(reason: ChannelError): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.end(reason);
    this.#waiting.rejectAll(new Disconnected(`Peer of channel "${this.name}" closed it`));
    this.#resolveClosed();
  }
}
