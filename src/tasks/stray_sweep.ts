import type { Clock } from "../process/clock.ts";
import { markerOf, type ProcessTable } from "../process/process_table.ts";

/** Milliseconds from a task's end to the search: one search serves all tasks that ended meanwhile. */
const WAIT_MS = 100;

/**
 * Finds the processes that ended commands left behind outside of their process groups. One search reads the
 * environment of every process, which would cost more than a short command itself.
 */
export class StraySweep implements Disposable {
  readonly #table: ProcessTable;
  readonly #clock: Clock;
  readonly #stop: (marker: string) => Promise<void>;
  readonly #ended = new Set<string>();
  #timer: Disposable | undefined;

  /** @param stop gets each marker whose processes are still there */
  constructor(
    { table, clock, stop }: { table: ProcessTable; clock: Clock; stop: (marker: string) => Promise<void> },
  ) {
    this.#table = table;
    this.#clock = clock;
    this.#stop = stop;
  }

  /** A command with this marker has ended, and its group with it. */
  ended(marker: string): void {
    this.#ended.add(marker);
    this.#timer ??= this.#clock.after(WAIT_MS, () => void this.sweep());
  }

  /** Searches now. Resolves when the processes that it found are gone. */
  async sweep(): Promise<void> {
    this[Symbol.dispose]();
    if (this.#ended.size === 0) return;
    const left = new Set<string>();
    for (const { pid } of this.#table.all()) {
      const marker = markerOf(this.#table, pid)?.split("/")[0];
      if (marker !== undefined && this.#ended.has(marker)) left.add(marker);
    }
    this.#ended.clear();
    await Promise.all([...left].map((marker) => this.#stop(marker)));
  }

  /** Ends the searches. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
