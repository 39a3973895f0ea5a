import { type AppState, isDown } from "./app_state.ts";

/** Those who wait for a state of one instance. */
export class StateWaiters {
  readonly #state: () => AppState;
  readonly #waiters = new Set<() => void>();

  constructor(state: () => AppState) {
    this.#state = state;
  }

  /** The state, or its reason, may have changed. */
  wake(): void {
    for (const look of [...this.#waiters]) look();
  }

  /** Resolves when the state is one that passes, and is so still when the caller goes on. */
  async until(passes: (state: AppState) => boolean, signal?: AbortSignal): Promise<void> {
    while (!passes(this.#state())) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#waiters.delete(done);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        this.#waiters.add(done);
        signal?.addEventListener("abort", done, { once: true });
      });
    }
  }

  /** Resolves when nothing of it is left, though it may be started again in the same moment. */
  down(): Promise<void> {
    if (isDown(this.#state())) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!isDown(this.#state())) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
    });
  }
}
