/** Those that wait for tasks to end. */
export class Ends {
  readonly #listeners = new Set<(id: string) => void>();

  /** A task is over. */
  tell(id: string): void {
    for (const listener of [...this.#listeners]) listener(id);
  }

  /** Resolves when each of the tasks has ended. @throws the signal's reason */
  async all(ids: Iterable<string>, signal?: AbortSignal): Promise<void> {
    const open = new Set(ids);
    if (open.size === 0) return;
    await this.#until((id) => open.delete(id) && open.size === 0, signal);
  }

  /** Resolves when any task ends next. @throws the signal's reason */
  async next(signal: AbortSignal): Promise<void> {
    await this.#until(() => true, signal);
  }

  #until(enough: (id: string) => boolean, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#listeners.delete(listener);
        signal?.removeEventListener("abort", abort);
      };
      const abort = () => {
        leave();
        reject(signal?.reason);
      };
      const listener = (id: string) => {
        if (!enough(id)) return;
        leave();
        resolve();
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#listeners.add(listener);
    });
  }
}
