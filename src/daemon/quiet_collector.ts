export interface QuietCollectorOptions {
  /** Counts what the daemon does; only differences matter. */
  work: () => number;
  collect: () => void;
  /** Collects, and gives back what a daemon at rest does not need. */
  giveBack: () => void;
}

/** Work that leaves something worth collecting. */
const WORTH = 100;

/** Milliseconds between two collections amid a stream of events: one takes about ten. */
const PAUSE_MS = 50;

/**
 * Gives memory back after a burst of work, and amid a long one. The runtime does so by itself while it works,
 * and afterwards late or never; but a daemon that has just started a hundred apps does nothing for the rest
 * of the day.
 */
export class QuietCollector {
  readonly #options: QuietCollectorOptions;
  #seen: number;
  #collected: number | undefined;
  #volumeAt = -Infinity;

  constructor(options: QuietCollectorOptions) {
    this.#options = options;
    this.#seen = options.work();
  }

  /** Much has gone by, whose garbage lies outside of the heap that the runtime watches. */
  volume(): void {
    const now = performance.now();
    if (now - this.#volumeAt < PAUSE_MS) return;
    this.#volumeAt = now;
    this.#options.collect();
  }

  /** To be called every second or two: it is quiet when nothing was done from one call to the next. */
  look(): void {
    const done = this.#options.work();
    const quiet = done === this.#seen;
    this.#seen = done;
    // The first time, a start has left something.
    if (!quiet || (this.#collected !== undefined && done - this.#collected < WORTH)) return;
    this.#collected = done;
    this.#options.giveBack();
  }
}
