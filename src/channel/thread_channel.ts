import type { Message } from "../protocol/envelope.ts";
import { type ChannelError, Disconnected } from "./errors.ts";
import { Inbox } from "./inbox.ts";
import type { IpcChannel, ReceiveOptions, SendOptions } from "./ipc_channel.ts";

/** Messages that one direction of a pair holds before senders wait. */
const DEFAULT_CAPACITY = 1024;
const ACCEPTED: Promise<void> = Promise.resolve();

interface Waiting {
  message: Message;
  accept(): void;
  reject(error: unknown): void;
}

/**
 * An {@link IpcChannel} inside one process. Messages are handed over as they are, not copied: whoever sends one gives it
 * away. Each direction is bounded; a sender waits while it is full.
 */
export class ThreadChannel implements IpcChannel {
  readonly name: string;
  readonly closed: Promise<void>;
  readonly #capacity: number;
  readonly #inbox: Inbox;
  /** Sends of the peer that found this inbox full. */
  readonly #waiting = new Set<Waiting>();
  #peer: ThreadChannel | undefined;
  #end: ChannelError | undefined;
  #resolveClosed: () => void = () => {};

  private constructor(name: string, capacity: number) {
    this.name = name;
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#capacity = capacity;
    this.#inbox = new Inbox({ name, onTaken: () => this.#admit() });
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

  send(message: Message, { signal }: SendOptions = {}): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const peer = this.#peer;
    return peer === undefined ? ACCEPTED : peer.#put(message, signal) ?? ACCEPTED;
  }

  recv(options?: ReceiveOptions): Promise<Message> {
    return this.#inbox.take(options);
  }

  tryRecv(): Message | undefined {
    return this.#inbox.tryTake();
  }

  sendJson(data: unknown, options?: SendOptions): Promise<void> {
    return this.send({ type: "data", data }, options);
  }

  emit(event: string, data?: unknown, options?: SendOptions): Promise<void> {
    return this.send({ type: "event", event, data }, options);
  }

  onMessage(listener: (message: Message) => void): () => void {
    return this.#inbox.listen(listener);
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, void> {
    return this.#inbox.iterate();
  }

  close(): Promise<void> {
    const peer = this.#peer;
    this.#finish(new Disconnected(`Channel "${this.name}" was closed by this side`));
    if (peer !== undefined) peer.#finish(new Disconnected(`Peer of channel "${this.name}" closed it`));
    return this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #put(message: Message, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#waiting.size === 0 && this.#inbox.length < this.#capacity) {
      this.#inbox.put(message, 0);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(waiting);
        reject(signal?.reason);
      };
      const settled = () => signal?.removeEventListener("abort", abort);
      const waiting: Waiting = {
        message,
        accept: () => {
          settled();
          resolve();
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.add(waiting);
    });
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (this.#inbox.length >= this.#capacity) return;
      this.#waiting.delete(waiting);
      this.#inbox.put(waiting.message, 0);
      waiting.accept();
    }
  }

  #finish(reason: ChannelError): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#inbox.finish(reason);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const one of waiting) one.reject(new Disconnected(`Peer of channel "${this.name}" closed it`));
    this.#resolveClosed();
  }
}
