export interface QuietCollectorOptions {
  /** Counts what the daemon does; only differences matter. */
  work: () => number;
  collect: () => void;
  /** Collects, and gives back what a daemon at rest does not need. */
  giveBack: () => void;
}

/** Work that leaves something worth collecting. */
const WORTH = 100;

/** Connections more than before that leave something worth collecting. */
const MORE_CONNECTIONS = 64;

/** Milliseconds between two collections amid a stream of events, at least. */
const PAUSE_MS = 25;
/** Such collections take no larger part of the time than one in so many. */
const SHARE = 3;

/**
 * Gives memory back after a burst of work, and amid a long one. The runtime does so by itself while it works,
 * and afterwards late or never; but a daemon that has just started a hundred apps does nothing for the rest
 * of the day.
 */
export class QuietCollector {
  readonly #options: QuietCollectorOptions;
  #seen: number;
  #collected: number | undefined;
  /** When the next collection amid a stream may come. */
  #volumeFrom = -Infinity;
  #connections = 0;

  constructor(options: QuietCollectorOptions) {
    this.#options = options;
    this.#seen = options.work();
  }

  /** Much has gone by, whose garbage lies outside of the heap that the runtime watches. */
  volume(): void {
    const now = performance.now();
    if (now < this.#volumeFrom) return;
    this.#options.collect();
    const ended = performance.now();
    this.#volumeFrom = ended + Math.max(PAUSE_MS, (SHARE - 1) * (ended - now));
  }

  /**
   * So many are open. What accepting them left lies between what they keep: collected only afterwards, it
   * leaves holes that stay as long as they do.
   */
  connections(open: number): void {
    this.#connections = Math.min(this.#connections, open);
    if (open < this.#connections + MORE_CONNECTIONS) return;
    this.#connections = open;
    this.volume();
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
