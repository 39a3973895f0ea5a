export interface IdleClockOptions {
  /** Milliseconds without anything to do; Infinity for never. Read anew each time. */
  limitMs: () => number;
  isBusy: () => boolean;
  onIdle: (limitMs: number) => void;
}

/** A timer takes no more milliseconds than this, which is 24 days. */
const LONGEST_WAIT = 2 ** 31 - 1;

/**
 * Ends a daemon that has had nothing to do for long. Work that ends should restart the clock; where that is
 * missed, the clock finds out when it runs down, and counts from then.
 */
export class IdleClock implements Disposable {
  readonly #options: IdleClockOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: IdleClockOptions) {
    this.#options = options;
  }

  /** Counts from now. */
  restart(): void {
    clearTimeout(this.#timer);
    const limit = this.#options.limitMs();
    if (this.#stopped || !Number.isFinite(limit)) return;
    this.#timer = setTimeout(() => {
      if (this.#options.isBusy()) this.restart();
      else this.#options.onIdle(limit);
    }, Math.min(limit, LONGEST_WAIT));
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
