import type { Clock } from "./clock.ts";
import { type Exit, UNKNOWN_EXIT } from "./exit.ts";
import { exitOf } from "./known_exits.ts";
import { findSame, type ProcessIdentity, type ProcessTable } from "./process_table.ts";

/** Milliseconds between looks at processes whose end the system does not tell. */
const INTERVAL_MS = 200;

/** Calls once when a process has ended; undefined where the system cannot tell. */
export type WatchProcess = (pid: number, onEnd: () => void) => Disposable | undefined;

interface Watched {
  resolve: (exit: Exit) => void;
  /** Undefined for one that is looked at by the clock. */
  notice: Disposable | undefined;
}

/**
 * Notices the end of processes that an earlier daemon started: by the system's notice where there is one,
 * else by looking five times a second. How they ended is known where this daemon took that one's place in the
 * same process: only a parent learns it.
 */
export class ExitWatch implements Disposable {
  readonly #table: ProcessTable;
  readonly #clock: Clock;
  readonly #watch: WatchProcess;
  readonly #watched = new Map<ProcessIdentity, Watched>();
  #timer: Disposable | undefined;

  /** @param options.watch the runtime's; left out, all are looked at by the clock */
  constructor({ table, clock, watch = () => undefined }: {
    table: ProcessTable;
    clock: Clock;
    watch?: WatchProcess | undefined;
  }) {
    this.#table = table;
    this.#clock = clock;
    this.#watch = watch;
  }

  /** Resolves when the process has ended. */
  ended(identity: ProcessIdentity): Promise<Exit> {
    return new Promise((resolve) => {
      const notice = this.#watch(identity.pid, () => this.#onNotice(identity));
      this.#watched.set(identity, { resolve, notice });
      // Its pid may have been another process's when the notice was asked for.
      if (notice !== undefined && !this.#runs(identity)) this.#clock.after(0, () => this.look(identity));
      this.#schedule();
    });
  }

  /** Their ends are no longer noticed. */
  [Symbol.dispose](): void {
    for (const { notice } of this.#watched.values()) notice?.[Symbol.dispose]();
    this.#watched.clear();
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  /** Looks now at a process that the caller has reason to think has ended. */
  look(identity: ProcessIdentity): void {
    if (this.#watched.has(identity) && !this.#runs(identity)) this.#settle(identity);
  }

  #lookAtAll(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    for (const identity of this.#watched.keys()) if (!this.#runs(identity)) this.#settle(identity);
    this.#schedule();
  }

  #onNotice(identity: ProcessIdentity): void {
    const watched = this.#watched.get(identity);
    if (watched === undefined) return;
    if (!this.#runs(identity)) return this.#settle(identity);
    // It is about to be taken out of the table, or the notice was wrong: the clock decides.
    watched.notice = undefined;
    this.#schedule();
  }

  #settle(identity: ProcessIdentity): void {
    const watched = this.#watched.get(identity);
    this.#watched.delete(identity);
    watched?.notice?.[Symbol.dispose]();
    watched?.resolve(exitOf(identity) ?? UNKNOWN_EXIT);
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const isNeeded = [...this.#watched.values()].some(({ notice }) => notice === undefined);
    if (isNeeded) this.#timer = this.#clock.after(INTERVAL_MS, () => this.#lookAtAll());
  }

  #runs(identity: ProcessIdentity): boolean {
    try {
      return findSame(this.#table, identity) !== undefined;
    } catch {
      // This look failed; the next may not.
      return true;
    }
  }
}
