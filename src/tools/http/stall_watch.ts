/** So little in a whole idle time-out is a stall: a server that drips a byte now and then holds nobody. */
const MIN_BYTES = 1024;

/**
 * Notices when a server stops sending. Only the time in which somebody waits for it counts, so a consumer may be as
 * slow as it likes. One timer at most, however many chunks arrive.
 */
export class StallWatch {
  readonly #limitMs: number;
  readonly #onStall: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the present wait began. */
  #since: number | undefined;
  /** Waited since the last MIN_BYTES were complete. */
  #waitedMs = 0;
  #bytes = 0;

  constructor(limitMs: number, onStall: () => void) {
    this.#limitMs = limitMs;
    this.#onStall = onStall;
  }

  /** Somebody waits from now on. */
  begin(): void {
    this.#since = performance.now();
    this.#timer ??= setTimeout(this.#check, this.#limitMs - this.#waitedMs);
  }

  /** The wait is over. */
  end(): void {
    if (this.#since === undefined) return;
    this.#waitedMs += performance.now() - this.#since;
    this.#since = undefined;
  }

  /** Something arrived. */
  arrived(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes >= MIN_BYTES) this.restart();
  }

  /** Begins to count anew. */
  restart(): void {
    this.#bytes = 0;
    this.#waitedMs = 0;
  }

  stop(): void {
    this.#since = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #check = (): void => {
    this.#timer = undefined;
    if (this.#since === undefined) return;
    const waited = this.#waitedMs + performance.now() - this.#since;
    if (waited >= this.#limitMs) this.#onStall();
    else this.#timer = setTimeout(this.#check, this.#limitMs - waited);
  };
}
