import { errorMessage, HaftError } from "../base/errors.ts";
import type { App } from "./app.ts";
import type { AppConfig } from "./config/app_schema.ts";

/** The apps that have a schedule. */
export class Schedules implements Disposable {
  readonly #jobs = new Map<App, { times: string; stop(): void; nextRun(): Date | null }>();
  readonly #onProblem: (text: string) => void;

  constructor(onProblem: (text: string) => void) {
    this.#onProblem = onProblem;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** When an app is started next, in milliseconds since 1970. */
  nextRun(app: App): number | undefined {
    return this.#jobs.get(app)?.nextRun()?.getTime();
  }

  /**
   * Sets what is done at the times of an app's schedule, or takes its schedule away.
   *
   * @throws {HaftError} when its schedule is none: of an app that no manifest has
   */
  async set(app: App, { schedule, schedule_timezone: timezone }: AppConfig, run: () => void): Promise<void> {
    const times = `${schedule} ${timezone}`;
    if (this.#jobs.get(app)?.times === times) return;
    this.delete(app);
    if (schedule === undefined) return;
    const { Cron } = await import("croner");
    try {
      const onError = (error: unknown) => this.#onProblem(`app "${app.name}": ${errorMessage(error)}`);
      const zone = timezone === undefined ? {} : { timezone };
      const job = new Cron(schedule, { unref: true, catch: onError, ...zone }, run);
      this.#jobs.set(app, { times, stop: () => job.stop(), nextRun: () => job.nextRun() });
    } catch (error) {
      throw new HaftError(`App "${app.name}": "${schedule}" is no schedule: ${errorMessage(error)}`, {
        next: 'Write a cron expression such as "*/5 * * * *"',
        cause: error,
      });
    }
  }

  delete(app: App): void {
    this.#jobs.get(app)?.stop();
    this.#jobs.delete(app);
  }

  [Symbol.dispose](): void {
    for (const app of [...this.#jobs.keys()]) this.delete(app);
  }
}
