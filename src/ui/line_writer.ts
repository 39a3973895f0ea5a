/** What the lines need of an output. */
export interface LineOutput {
  write(text: string): Promise<void>;
}

/**
 * Writes lines in order without making the caller wait. When the reader has gone (`| head`) the rest is
 * dropped: an install goes on without a reader.
 */
export class LineWriter {
  readonly #output: LineOutput;
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  #broken = false;

  constructor(output: LineOutput) {
    this.#output = output;
  }

  line(text: string): void {
    if (this.#broken) return;
    this.#waiting.push(`${text}\n`);
    this.#writing ??= this.#drain();
  }

  /** Resolves when all is written, or the reader has gone. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const text = this.#waiting.join("");
        this.#waiting = [];
        await this.#output.write(text);
      }
    } catch {
      this.#broken = true;
      this.#waiting = [];
    } finally {
      this.#writing = undefined;
    }
  }
}
