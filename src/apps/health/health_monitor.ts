import { errorMessage } from "../../base/errors.ts";
import { compilePattern, type Pattern } from "../../base/pattern.ts";
import type { Clock } from "../../process/clock.ts";
import type { HealthConfig } from "../config/app_schema.ts";
import type { ProbeResult } from "./probes.ts";

export interface HealthMonitorOptions {
  clock: Clock;
  /** One check. It ends by itself. */
  check: () => Promise<ProbeResult>;
  onPass: () => void;
  /** @param failures in a row @param counts false within the start period */
  onFail: (reason: string, failures: number, counts: boolean) => void;
  /** After as many failures in a row as the configuration allows. */
  onUnhealthy: (reason: string) => void;
}

/**
 * Milliseconds between checks, at most, until the first has passed: who waits for the app need not wait a
 * whole interval.
 */
const EAGER_MS = 500;

/** Checks an app again and again, from its start to its end. */
export class HealthMonitor implements Disposable {
  readonly #health: HealthConfig;
  readonly #options: HealthMonitorOptions;
  #pattern: Pattern | undefined;
  /** Lines that came in the moment before the pattern was ready. The one that counts may be the last. */
  readonly #early: string[] = [];
  readonly #begun: number;
  #timer: Disposable | undefined;
  #failures = 0;
  #successes = 0;
  #passed = false;
  #disposed = false;

  /** @param passed it was healthy already: an adopted app */
  constructor(health: HealthConfig, options: HealthMonitorOptions, { passed = false } = {}) {
    this.#health = health;
    this.#options = options;
    this.#begun = options.clock.monotonic();
    this.#passed = passed;
    if (health.log_line === undefined) this.#next(0);
    else if (!passed) {
      void this.#compile(health.log_line);
      this.#timer = options.clock.after(
        health.start_period + health.timeout * health.retries,
        () => this.#missed(),
      );
    }
  }

  /** A line that the app wrote. */
  line(text: string): void {
    if (this.#disposed || this.#passed || this.#health.log_line === undefined) return;
    if (this.#pattern === undefined) {
      this.#early.push(text);
    } else if (this.#pattern.test(text)) this.#passedByLine();
  }

  async #compile(source: string): Promise<void> {
    try {
      this.#pattern = await compilePattern(source);
    } catch (error) {
      // The manifest's fault, which no restart mends.
      if (!this.#disposed) this.#options.onFail(errorMessage(error), this.#health.retries, true);
      this[Symbol.dispose]();
    }
    for (const text of this.#early.splice(0)) this.line(text);
  }

  #passedByLine(): void {
    this.#timer?.[Symbol.dispose]();
    this.#passed = true;
    this.#options.onPass();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#timer?.[Symbol.dispose]();
  }

  #next(ms: number): void {
    if (!this.#disposed) this.#timer = this.#options.clock.after(ms, () => void this.#run());
  }

  async #run(): Promise<void> {
    const failure = await this.#options.check();
    if (this.#disposed) return;
    if (failure === undefined) this.#pass();
    else this.#fail(failure);
    this.#next(this.#passed ? this.#health.interval : Math.min(this.#health.interval, EAGER_MS));
  }

  #pass(): void {
    this.#failures = 0;
    if (++this.#successes < this.#health.successes) return;
    this.#passed = true;
    this.#options.onPass();
  }

  #fail(reason: string): void {
    this.#successes = 0;
    const { clock, onFail, onUnhealthy } = this.#options;
    const { start_period: period, interval, retries } = this.#health;
    // Until the first pass, checks come faster than the interval: a failure counts once for each interval
    // that went by.
    const waited = clock.monotonic() - this.#begun - period;
    const counts = this.#passed || waited >= 0;
    if (!counts) return onFail(reason, 0, false);
    this.#failures = this.#passed ? this.#failures + 1 : 1 + Math.floor(waited / Math.max(1, interval));
    onFail(reason, this.#failures, true);
    if (this.#failures >= retries) onUnhealthy(reason);
  }

  #missed(): void {
    const reason = `no line matched /${this.#health.log_line}/`;
    this.#options.onFail(reason, this.#health.retries, true);
    this.#options.onUnhealthy(reason);
  }
}
