/**
 * Bounded parallel work: at most so many run at a time, in the order in which they were given. After a
 * failure no more are begun; those under way end first.
 */
export class WorkPool {
  readonly #limit: number;
  #running = 0;
  #failure: { error: unknown } | undefined;
  /** Resolves when one ends. One promise for all that wait, not a race of all that run. */
  #ended: PromiseWithResolvers<void> | undefined;

  /** @param limit at least 1 */
  constructor(limit: number) {
    this.#limit = Math.max(1, limit);
  }

  /** Whether so many run already that the next has to wait. */
  get full(): boolean {
    return this.#running >= this.#limit;
  }

  /** Resolves when there is room. */
  async room(): Promise<void> {
    while (this.full) await this.#oneEnds();
  }

  /**
   * Begins `work` at once; see {@link WorkPool.room}.
   *
   * @throws the first failure of earlier work; `work` is not begun then
   */
  start(work: () => Promise<void>): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#running++;
    void this.#run(work);
  }

  /** Resolves when everything under way has ended, however it ended. */
  async settle(): Promise<void> {
    while (this.#running > 0) await this.#oneEnds();
  }

  /** @throws the first failure, when everything under way has ended */
  async finish(): Promise<void> {
    await this.settle();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#running--;
    this.#ended?.resolve();
    this.#ended = undefined;
  }

  async #oneEnds(): Promise<void> {
    this.#ended ??= Promise.withResolvers();
    await this.#ended.promise;
  }
}

/**
 * Runs `work` for every item, at most `limit` at a time. When the signal is aborted no more are begun.
 *
 * @throws the first failure, when those under way have ended
 */
export async function forEachLimited<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { limit, signal }: { limit: number; signal?: AbortSignal },
  work: (item: T) => Promise<void>,
): Promise<void> {
  const pool = new WorkPool(limit);
  try {
    if (Symbol.iterator in items) {
      for (const item of items) {
        if (pool.full) await pool.room();
        if (signal?.aborted === true) break;
        pool.start(() => work(item));
      }
    } else {
      for await (const item of items) {
        await pool.room();
        if (signal?.aborted === true) break;
        pool.start(() => work(item));
      }
    }
  } finally {
    await pool.settle();
  }
  await pool.finish();
}

/** The results of `fn` in the order of the items; see {@link forEachLimited}. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  fn: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  await forEachLimited(items.entries(), { limit }, async ([index, item]) => {
    results[index] = await fn(item);
  });
  return results;
}
