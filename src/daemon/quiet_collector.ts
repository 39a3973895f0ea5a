export interface QuietCollectorOptions {
  /** Counts what the daemon does; only differences matter. */
  work: () => number;
  collect: () => void;
  /** Collects, and gives back what a daemon at rest does not need. */
  giveBack: () => void;
}

/** Work that leaves something worth collecting. */
const WORTH = 100;

/** Connections more than before that leave something worth collecting: so many, and such a part of them. */
const MORE_CONNECTIONS = 16;
const MORE_PART = 64;

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
  #open = 0;
  /** When the last collection for them was, or fewer at a look since. */
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
   * leaves holes that stay as long as they do. As many as there were since the last {@link look} may come and
   * go without a collection.
   */
  connections(open: number): void {
    this.#open = open;
    if (open < this.#connections + Math.max(MORE_CONNECTIONS, this.#connections / MORE_PART)) return;
    this.#connections = open;
    this.#options.collect();
  }

  /** To be called every second or two: it is quiet when nothing was done from one call to the next. */
  look(): void {
    this.#connections = Math.min(this.#connections, this.#open);
    const done = this.#options.work();
    const quiet = done === this.#seen;
    this.#seen = done;
    // The first time, a start has left something.
    if (!quiet || (this.#collected !== undefined && done - this.#collected < WORTH)) return;
    this.#collected = done;
    this.#options.giveBack();
  }
}
