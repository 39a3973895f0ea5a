import { errorMessage, HaftError } from "../base/errors.ts";
import type { App } from "./app.ts";

/** The apps that start at times of their own. */
export class Schedules implements Disposable {
  readonly #jobs = new Map<App, { pattern: string; stop(): void; nextRun(): Date | null }>();
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
   * @param pattern a cron expression; undefined takes an app's schedule away
   * @throws {HaftError} when it is none
   */
  async set(app: App, pattern: string | undefined, run: () => void): Promise<void> {
    if (this.#jobs.get(app)?.pattern === pattern) return;
    this.delete(app);
    if (pattern === undefined) return;
    const { Cron } = await import("croner");
    try {
      const onError = (error: unknown) => this.#onProblem(`app "${app.name}": ${errorMessage(error)}`);
      const job = new Cron(pattern, { unref: true, catch: onError }, run);
      this.#jobs.set(app, { pattern, stop: () => job.stop(), nextRun: () => job.nextRun() });
    } catch (error) {
      throw new HaftError(`App "${app.name}": "${pattern}" is no schedule: ${errorMessage(error)}`, {
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
