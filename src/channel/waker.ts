/**
 * For hosts with an event loop of their own (Qt, game engines, DCC applications): messages are kept until the
 * host asks for them, and the host is woken when there is something to ask for, at most every so often.
 */
import type { Message } from "../protocol/envelope.ts";
import type { IpcChannel } from "./ipc_channel.ts";

export interface WakerOptions {
  /** Tells the host's loop to call {@link Waker.pump} soon. */
  wake: () => void;
  /** Milliseconds between two wakes; 16 by default, a frame at 60 Hz. */
  intervalMs?: number;
}

export class Waker implements Disposable {
  readonly #options: WakerOptions;
  readonly #queue: { message: Message; handle: (message: Message) => void }[] = [];
  readonly #stops: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wokenAt = -Infinity;

  constructor(options: WakerOptions) {
    this.#options = options;
  }

  /** Messages that wait for the host. */
  get length(): number {
    return this.#queue.length;
  }

  /** Takes over a channel's messages: each waits for the host, which then handles it. */
  attach(channel: IpcChannel, handle: (message: Message) => void): void {
    this.#stops.push(channel.onMessage((message) => {
      this.#queue.push({ message, handle });
      this.#schedule();
    }));
  }

  /**
   * Handles what waits, until nothing does or the time is over. What is left wakes the host again.
   *
   * @param budgetMs milliseconds
   * @returns how many messages were handled
   */
  pump(budgetMs: number = Infinity): number {
    const end = performance.now() + budgetMs;
    let handled = 0;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        handled++;
        next.handle(next.message);
        if (performance.now() >= end) break;
      }
    } finally {
      if (this.#queue.length > 0) this.#schedule();
    }
    return handled;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
    this.#queue.length = 0;
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const { intervalMs = 16, wake } = this.#options;
    const wait = Math.max(0, this.#wokenAt + intervalMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wokenAt = performance.now();
      wake();
    }, wait);
  }
}
