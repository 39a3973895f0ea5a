import type { Clock } from "./clock.ts";
import { type Exit, UNKNOWN_EXIT } from "./exit.ts";
import { exitOf } from "./known_exits.ts";
import { findSame, type ProcessIdentity, type ProcessTable } from "./process_table.ts";

/** Milliseconds between looks at processes that are not our children: five times a second. */
const INTERVAL_MS = 200;

/**
 * Notices the end of processes that an earlier daemon started. How they ended is known where this daemon took
 * that one's place in the same process: only a parent learns it.
 */
export class ExitPoll implements Disposable {
  readonly #table: ProcessTable;
  readonly #clock: Clock;
  readonly #watched = new Map<ProcessIdentity, (exit: Exit) => void>();
  #timer: Disposable | undefined;

  constructor({ table, clock }: { table: ProcessTable; clock: Clock }) {
    this.#table = table;
    this.#clock = clock;
  }

  /** Resolves when the process has ended. */
  ended(identity: ProcessIdentity): Promise<Exit> {
    return new Promise((resolve) => {
      this.#watched.set(identity, resolve);
      this.#timer ??= this.#clock.after(INTERVAL_MS, () => this.look());
    });
  }

  /** Their ends are no longer noticed. */
  [Symbol.dispose](): void {
    this.#watched.clear();
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #runs(identity: ProcessIdentity): boolean {
    try {
      return findSame(this.#table, identity) !== undefined;
    } catch {
      // This look failed; the next may not.
      return true;
    }
  }

  /** Looks now: the caller has reason to think that one has ended. */
  look(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    for (const [identity, resolve] of this.#watched) {
      if (this.#runs(identity)) continue;
      this.#watched.delete(identity);
      resolve(exitOf(identity) ?? UNKNOWN_EXIT);
    }
    if (this.#watched.size > 0) this.#timer = this.#clock.after(INTERVAL_MS, () => this.look());
  }
}
