/**
 * Ends one request: when the caller's signal says so, when the server stalls, or when the caller is done. A
 * waiting caller is rejected at once, whether or not the runtime's fetch notices the abort.
 */
export class RequestGuard {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #watch: StallWatch;
  #reject: ((reason: unknown) => void) | undefined;
  readonly idleTimeoutMs: number;
  /** True when the server sent nothing for the idle time-out. */
  stalled = false;

  constructor(options: { signal?: AbortSignal | undefined; idleTimeoutMs: number }) {
    this.#caller = options.signal;
    this.#caller?.addEventListener("abort", this.#onCallerAbort, { once: true });
    this.idleTimeoutMs = options.idleTimeoutMs;
    this.#watch = new StallWatch(options.idleTimeoutMs, () => {
      this.stalled = true;
      this.#abort(new Error("the server stalled"));
    });
  }

  /** For fetch. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @throws the reason of the caller's signal when that is aborted */
  throwIfCancelled(): void {
    this.#caller?.throwIfAborted();
  }

  /** The promise's outcome, unless the guard ends first. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    this.#watch.begin();
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#reject = reject;
        promise.then(resolve, reject);
        if (this.signal.aborted) reject(this.signal.reason);
      });
    } finally {
      this.#reject = undefined;
      this.#watch.end();
    }
  }

  /** A part of the body arrived. */
  arrived(bytes: number): void {
    this.#watch.arrived(bytes);
  }

  /** An answer's head arrived. */
  answered(): void {
    this.#watch.restart();
  }

  /** Releases timer and listener. The request itself goes on if it is not finished. */
  release(): void {
    this.#watch.stop();
    this.#caller?.removeEventListener("abort", this.#onCallerAbort);
  }

  /** Breaks the request off. */
  cancel(): void {
    this.release();
    this.#abort(new DOMException("The request was cancelled", "AbortError"));
  }

  readonly #onCallerAbort = (): void => this.#abort(this.#caller?.reason);

  #abort(reason: unknown): void {
    this.#watch.stop();
    this.#reject?.(reason);
    this.#controller.abort(reason);
  }
}

/**
 * Fewer bytes in a whole idle time-out count as a stall, so that a server cannot hold a caller by dripping.
 */
const MIN_BYTES = 1024;

/**
 * Notices when a server stops sending. Only the time in which the caller waits for it counts, so a consumer
 * may be as slow as it likes. One timer at most, however many chunks arrive.
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

  /** The caller waits from now on. */
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
