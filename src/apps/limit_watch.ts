import type { Clock } from "../process/clock.ts";
import type { AppConfig } from "./config/app_schema.ts";
import type { ProcessIdentity } from "../process/process_table.ts";
import type { UsageSampler } from "../process/usage_sampler.ts";

export interface LimitReport {
  resource: "memory" | "cpu";
  limit: number;
  current: number;
  /** Memory in use does not come back without a restart; a busy processor may. */
  action: "restart" | "report";
}

interface Watched {
  limits: AppConfig["limits"];
  process: () => ProcessIdentity | undefined;
  onExceeded: (report: LimitReport) => void;
  /** Samples in a row over the limit of memory, and of the processor. */
  large: number;
  busy: number;
}

const INTERVAL_MS = 1_000;

/** A use of the processor is reported after so many samples in a row, and again after as many. */
const BUSY_SAMPLES = 5;

/** A use of memory is reported at its first sample, and again after so many. */
const LARGE_SAMPLES = 60;

/** Looks once a second at the apps that have limits. */
export class LimitWatch implements Disposable {
  readonly #sampler: UsageSampler;
  readonly #clock: Clock;
  readonly #watched = new Set<Watched>();
  #timer: Disposable | undefined;

  constructor({ sampler, clock }: { sampler: UsageSampler; clock: Clock }) {
    this.#sampler = sampler;
    this.#clock = clock;
  }

  /** Disposing the result ends the watch. */
  add(watch: Omit<Watched, "busy" | "large">): Disposable {
    const { memory, cpu_percent: cpu } = watch.limits;
    if (memory === undefined && cpu === undefined) return { [Symbol.dispose]: () => {} };
    const watched = { ...watch, busy: 0, large: 0 };
    this.#watched.add(watched);
    this.#timer ??= this.#clock.after(INTERVAL_MS, () => this.#look());
    return { [Symbol.dispose]: () => void this.#watched.delete(watched) };
  }

  [Symbol.dispose](): void {
    this.#watched.clear();
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#watched.size === 0) return;
    this.#timer = this.#clock.after(INTERVAL_MS, () => this.#look());
    const processes = new Map([...this.#watched].map((watched) => [watched, watched.process()]));
    const usage = this.#sampler.sample([...processes.values()].flatMap((process) => process ?? []));
    for (const [watched, process] of processes) {
      const used = process === undefined ? undefined : usage.get(process);
      if (used !== undefined) this.#compare(watched, used.memoryBytes, used.cpuPercent);
    }
  }

  #compare(watched: Watched, memoryBytes: number, cpuPercent: number | null): void {
    const { limits: { memory, cpu_percent: cpu, cpu_action: action }, onExceeded } = watched;
    if (memory !== undefined) {
      watched.large = memoryBytes > memory ? watched.large + 1 : 0;
      if (watched.large % LARGE_SAMPLES === 1) {
        return onExceeded({ resource: "memory", limit: memory, current: memoryBytes, action: "restart" });
      }
    }
    if (cpu === undefined || cpuPercent === null) return;
    watched.busy = cpuPercent > cpu ? watched.busy + 1 : 0;
    if (watched.busy < BUSY_SAMPLES) return;
    watched.busy = 0;
    onExceeded({ resource: "cpu", limit: cpu, current: cpuPercent, action: action ?? "report" });
  }
}
