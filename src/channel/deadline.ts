import { clearTimeout, setTimeout } from "node:timers";

/**
 * A time limit on progress: it runs from the first {@link watch}, and again from each one that reports a
 * different `progress`. It keeps no process alive.
 */
export class Deadline {
  readonly #ms: number;
  readonly #onExpired: () => void;
  #timer: NodeJS.Timeout | undefined;
  #progress = 0;

  /** @param ms Infinity for none */
  constructor(ms: number, onExpired: () => void) {
    this.#ms = ms;
    this.#onExpired = onExpired;
  }

  watch(progress: number): void {
    if (this.#ms === Infinity || (this.#timer !== undefined && this.#progress === progress)) return;
    this.stop();
    this.#progress = progress;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#onExpired();
    }, this.#ms);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
