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
  readonly #open = new Set<Operation>();
  readonly #waiters = new Set<() => void>();
  #shutdown = false;

  get isShutdown(): boolean {
    return this.#shutdown;
  }

  /** Operations that have begun and not ended. */
  get inFlight(): number {
    return this.#open.size;
  }

  /**
   * Begins an operation; dispose the result when it is over.
   *
   * @param name for {@link Drain.open}
   * @throws {ShuttingDown} when the shutdown has begun
   */
  begin(name: string): Disposable {
    if (this.#shutdown) throw new ShuttingDown(`"${name}" comes too late: a shutdown has begun`);
    const operation = new Operation(name, this.#end);
    this.#open.add(operation);
    return operation;
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
    return { drained: this.#open.size === 0, open: [...this.#open].map(({ name }) => name) };
  }

  readonly #end = (operation: Operation): void => {
    if (!this.#open.delete(operation) || this.#open.size > 0) return;
    for (const waiter of [...this.#waiters]) waiter();
  };
}

class Operation implements Disposable {
  readonly name: string;
  readonly #end: (operation: Operation) => void;

  constructor(name: string, end: (operation: Operation) => void) {
    this.name = name;
    this.#end = end;
  }

  [Symbol.dispose](): void {
    this.#end(this);
  }
}
