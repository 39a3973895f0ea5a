import { ShuttingDown } from "./errors.ts";

/** How a drain ended. */
export interface Drain {
  drained: boolean;
  /** What was still going on when the time was over, by name. */
  open: string[];
}

/**
 * An orderly end, of one channel or of several that share it: what has begun may finish, nothing new begins.
 *
 * ```ts
 * using _ = state.begin("upload");
 * ```
 */
export class ShutdownState {
  readonly #open = new Set<Operations>();
  readonly #waiters = new Set<() => void>();
  #shutdown = false;

  get isShutdown(): boolean {
    return this.#shutdown;
  }

  /** Operations that have begun and not ended. */
  get inFlight(): number {
    return this.#names().length;
  }

  /**
   * Begins an operation; dispose the result when it is over.
   *
   * @param name for {@link Drain.open}
   * @throws {ShuttingDown} when the shutdown has begun
   */
  begin(name: string): Disposable {
    this.refuseLate(name);
    return this.beginSeveral(() => [name]);
  }

  /**
   * As {@link begin}, for operations that their owner counts: begun with the first of them, over with the
   * last. Each further one needs {@link refuseLate}.
   *
   * @param names of those that have not ended
   */
  beginSeveral(names: () => string[]): Disposable {
    const operations = new Operations(names, this.#end);
    this.#open.add(operations);
    return operations;
  }

  /** @throws {ShuttingDown} when the shutdown has begun */
  refuseLate(name: string): void {
    if (this.#shutdown) throw new ShuttingDown(`"${name}" comes too late: a shutdown has begun`);
  }

  /** Begins the shutdown. Calling it again changes nothing. */
  shutdown(): void {
    this.#shutdown = true;
  }

  /**
   * Waits until nothing is going on.
   *
   * @param timeoutMs milliseconds
   */
  async waitForDrain(timeoutMs: number): Promise<Drain> {
    if (this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#waiters.delete(done);
          resolve();
        };
        const timer = setTimeout(done, timeoutMs);
        this.#waiters.add(done);
      });
    }
    return { drained: this.#open.size === 0, open: this.#names() };
  }

  #names(): string[] {
    return [...this.#open].flatMap((operations) => operations.names());
  }

  readonly #end = (operations: Operations): void => {
    if (!this.#open.delete(operations) || this.#open.size > 0) return;
    for (const waiter of [...this.#waiters]) waiter();
  };
}

class Operations implements Disposable {
  readonly names: () => string[];
  readonly #end: (operations: Operations) => void;

  constructor(names: () => string[], end: (operations: Operations) => void) {
    this.names = names;
    this.#end = end;
  }

  [Symbol.dispose](): void {
    this.#end(this);
  }
}
