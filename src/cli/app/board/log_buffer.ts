import type { AppLine } from "../log_printer.ts";

/** Lines that are kept for scrolling back: as many as `app.logs` gives at once. */
export const MOST_LINES = 10_000;

/** Old lines leave in one go of so many. */
const SLACK = 1_000;

/** The newest lines of a log, each by a number that stays its own when older ones leave. */
export class LogBuffer {
  #lines: AppLine[] = [];
  #first = 0;

  /** The number of the oldest line that is kept. */
  get first(): number {
    return this.#first;
  }

  /** One past the newest line's number. */
  get end(): number {
    return this.#first + this.#lines.length;
  }

  at(number: number): AppLine | undefined {
    return this.#lines[number - this.#first];
  }

  push(line: AppLine): void {
    this.#lines.push(line);
    if (this.#lines.length <= MOST_LINES + SLACK) return;
    this.#lines.splice(0, SLACK);
    this.#first += SLACK;
  }

  /** Puts other lines in the place of all. Those that stay at the end keep their numbers. */
  replace(lines: readonly AppLine[]): void {
    const { end } = this;
    this.#lines = [...lines];
    this.#first = end - lines.length;
  }

  clear(): void {
    this.#lines = [];
  }
}
