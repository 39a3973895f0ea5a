import type { Reporter } from "../reporter.ts";

/** Bytes between two reports of a download of unknown size. */
const STEP = 256 * 1024;

/**
 * Reports a download of one or more artifacts as one, and only when a whole percent (or {@link STEP}) was
 * added: a fast download has thousands of chunks.
 */
export class DownloadProgress {
  readonly #tool: string;
  readonly #report: Reporter;
  readonly #count: number;
  #index = 0;
  #before = 0;
  #current = 0;
  #reported = -1;

  constructor(tool: string, { report, count }: { report: Reporter; count: number }) {
    this.#tool = tool;
    this.#report = report;
    this.#count = count;
  }

  /** The artifact at this index begins. */
  begin(index: number): void {
    this.#before = index === 0 ? 0 : this.#before + this.#current;
    this.#index = index;
    this.#current = 0;
    this.#reported = -1;
  }

  update({ bytes, total }: { bytes: number; total: number | null }): void {
    this.#current = bytes;
    const percent = total === null || total === 0 ? null : this.#percent(bytes / total);
    const step = percent ?? Math.floor(bytes / STEP);
    if (step === this.#reported) return;
    this.#reported = step;
    const last = this.#index === this.#count - 1;
    this.#report({
      state: "downloading",
      tool: this.#tool,
      percent,
      bytes_downloaded: this.#before + bytes,
      total_bytes: total !== null && last ? this.#before + total : null,
    });
  }

  #percent(fraction: number): number {
    return Math.floor((this.#index + Math.min(fraction, 1)) / this.#count * 100);
  }
}
