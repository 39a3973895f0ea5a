/**
 * When the logs are read. A watch of their directory says which has something new; while something comes,
 * those are read every few milliseconds; and all are read once a second, since a watch may miss something, or
 * not be had. While nothing is written, that becomes rarer.
 *
 * A writer without end makes a notice for each of its writes. So the watch is given up for a while when
 * notices come in masses, and the files are read by the clock: what haft spends on a log does not grow with
 * what is written to it.
 */
import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import type { Clock } from "../../process/clock.ts";
import type { InstanceLogs } from "./instance_logs.ts";
import { LOG_STREAMS } from "./log_files.ts";

/** Milliseconds. */
const TIMES = {
  /** From a notice to the reading. */
  soon: 3,
  /** Between two readings of a log that is written to. */
  busy: 8,
  /** Without a watch. */
  unwatched: 25,
  /** Of all, watch or not; then the positions are kept, too. */
  fallback: 1_000,
  /**
   * The same while nothing is written: each time twice as late, up to this. What a watch can miss, it misses
   * amid many notices, so that the first of these looks find it.
   */
  quiet: 300_000,
  /** Until a watch that was given up is begun anew. */
  watchAgain: 1_000,
};

/**
 * After reading, so many times as long nothing is read: a quarter of a core is the most that logs may cost.
 */
const REST_FACTOR = 3;

/** Notices between two readings of all, above which the watch is given up. */
const TOO_MANY_NOTICES = 2_000;

export class LogPump implements AsyncDisposable {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #logs = new Set<InstanceLogs>();
  readonly #byFile = new Map<string, InstanceLogs>();
  readonly #dirty = new Set<InstanceLogs>();
  #watcher: FSWatcher | undefined;
  #watchAfter = -Infinity;
  #notices = 0;
  #timer: Disposable | undefined;
  #dueIn = Infinity;
  #lastSweep = -Infinity;
  #fallback = TIMES.fallback;
  #closed = false;

  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
    makePrivateDirectory(directory);
  }

  add(logs: InstanceLogs): void {
    this.#logs.add(logs);
    for (const stream of LOG_STREAMS) this.#byFile.set(basename(logs.paths[stream]), logs);
    this.#wake(logs);
  }

  delete(logs: InstanceLogs): void {
    this.#logs.delete(logs);
    this.#dirty.delete(logs);
    for (const stream of LOG_STREAMS) this.#byFile.delete(basename(logs.paths[stream]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    this.#watcher?.close();
    for (const logs of this.#logs) await logs.close();
  }

  #wake(logs: InstanceLogs): void {
    this.#dirty.add(logs);
    this.#fallback = TIMES.fallback;
    this.#schedule(TIMES.soon);
  }

  #schedule(ms: number): void {
    if (this.#closed || this.#dueIn <= ms) return;
    this.#timer?.[Symbol.dispose]();
    this.#dueIn = ms;
    this.#timer = this.#clock.after(ms, () => {
      this.#dueIn = Infinity;
      this.#read();
    });
  }

  #read(): void {
    const now = this.#clock.monotonic();
    const sweep = now - this.#lastSweep >= this.#fallback;
    if (sweep) this.#sweep(now);
    const reading = sweep || this.#watcher === undefined ? [...this.#logs] : [...this.#dirty];
    this.#dirty.clear();
    for (const logs of reading) if (logs.read() > 0) this.#dirty.add(logs);
    if (sweep) { for (const logs of this.#logs) logs.save(); }
    if (this.#dirty.size > 0 || this.#watcher === undefined) this.#fallback = TIMES.fallback;
    else if (sweep) this.#fallback = Math.min(this.#fallback * 2, TIMES.quiet);
    if (this.#logs.size === 0) return;
    const spent = this.#clock.monotonic() - now;
    if (this.#dirty.size > 0) this.#schedule(Math.max(TIMES.busy, spent * REST_FACTOR));
    else this.#schedule(this.#watcher === undefined ? TIMES.unwatched : this.#fallback);
  }

  #sweep(now: number): void {
    this.#lastSweep = now;
    if (this.#notices > TOO_MANY_NOTICES) {
      this.#watcher?.close();
      this.#watcher = undefined;
      this.#watchAfter = now + TIMES.watchAgain;
    }
    this.#notices = 0;
    if (this.#watcher === undefined && this.#logs.size > 0 && now >= this.#watchAfter) this.#watch(now);
  }

  #watch(now: number): void {
    const giveUp = () => {
      this.#watcher?.close();
      this.#watcher = undefined;
      this.#watchAfter = this.#clock.monotonic() + TIMES.watchAgain * 60;
    };
    try {
      this.#watcher = watch(this.#directory, { persistent: false }, (_, file) => {
        this.#notices++;
        const logs = file === null ? undefined : this.#byFile.get(String(file));
        if (logs !== undefined && !this.#dirty.has(logs)) this.#wake(logs);
      });
      this.#watcher.on("error", giveUp);
    } catch {
      // No watches left on this system: reading by the clock does.
      this.#watchAfter = now + TIMES.watchAgain * 60;
    }
  }
}
