import type { Message } from "../protocol/envelope.ts";
import { Disconnected, TimedOut } from "./errors.ts";
import type { ReceiveOptions } from "./ipc_channel.ts";
import { MessageQueue } from "./message_queue.ts";
import { reportUncaught } from "./tell.ts";

export interface InboxOptions {
  /** For error texts. */
  name: string;
  /** Called when messages were taken out, so that the source may go on. */
  onTaken: () => void;
}

interface Waiter {
  resolve(message: Message): void;
  reject(error: unknown): void;
}

/** Messages that have arrived and readers that wait: at any moment, one of the two is empty. */
export class Inbox {
  readonly #name: string;
  readonly #onTaken: () => void;
  readonly #messages = new MessageQueue();
  readonly #waiters = new Set<Waiter>();
  /** An object for each call of {@link listen}, so that ending one of two equal listeners ends one. */
  readonly #listeners = new Set<{ readonly call: (message: Message) => void }>();
  #end: Error | undefined;

  constructor({ name, onTaken }: InboxOptions) {
    this.#name = name;
    this.#onTaken = onTaken;
  }

  /** Unread messages. */
  get length(): number {
    return this.#messages.length;
  }

  /** Their sizes, as given to {@link put}. */
  get size(): number {
    return this.#messages.size;
  }

  /** @param size what the message counts for in {@link size} */
  put(message: Message, size: number): void {
    if (this.#end !== undefined) return;
    if (this.#waiters.size > 0) {
      for (const waiter of this.#waiters) {
        this.#waiters.delete(waiter);
        waiter.resolve(message);
        return;
      }
    }
    // Behind those that a new listener is getting now.
    if (this.#listeners.size > 0 && this.#messages.length === 0) this.#tell(message);
    else this.#messages.push(message, size);
  }

  tryTake(): Message | undefined {
    const message = this.#messages.shift();
    if (message !== undefined) this.#onTaken();
    return message;
  }

  take({ timeoutMs, signal }: ReceiveOptions = {}): Promise<Message> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const message = this.tryTake();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      if (timeoutMs === undefined && signal === undefined) {
        this.#waiters.add({ resolve, reject });
        return;
      }
      const stop = (error: unknown) => {
        this.#waiters.delete(waiter);
        waiter.reject(error);
      };
      const abort = () => stop(signal?.reason);
      const timer = timeoutMs === undefined ? undefined : setTimeout(
        () => stop(new TimedOut(`No message on channel "${this.#name}" within ${timeoutMs} ms`)),
        timeoutMs,
      );
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      const waiter: Waiter = {
        resolve: (message) => {
          settle();
          resolve(message);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  listen(listener: (message: Message) => void): () => void {
    const own = { call: listener };
    this.#listeners.add(own);
    // A listener may end itself, or another, while it gets what had arrived: the rest stays for the
    // next reader.
    while (this.#listeners.size > 0) {
      const message = this.#messages.shift();
      if (message === undefined) break;
      this.#tell(message);
      this.#onTaken();
    }
    return () => void this.#listeners.delete(own);
  }

  /** No message comes any more. Those that are here can still be taken. */
  finish(reason: Error): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.reject(reason);
  }

  async *iterate(): AsyncGenerator<Message, void> {
    for (;;) {
      let message: Message;
      try {
        message = await this.take();
      } catch (error) {
        if (error instanceof Disconnected) return;
        throw error;
      }
      yield message;
    }
  }

  #tell(message: Message): void {
    for (const listener of this.#listeners) {
      try {
        listener.call(message);
      } catch (error) {
        reportUncaught(error);
      }
    }
  }
}
