/**
 * Draws at once when nothing was drawn lately, and else a while after the frame before; never while a frame
 * is still being written. However often something changes, the terminal gets only so many frames a second.
 */
export class FramePace implements Disposable {
  readonly #draw: () => Promise<void>;
  readonly #intervalMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #drawnAt = -Infinity;
  #isDrawing = false;
  #isWanted = false;
  #ended = false;

  constructor(draw: () => Promise<void>, { intervalMs }: { intervalMs: number }) {
    this.#draw = draw;
    this.#intervalMs = intervalMs;
  }

  request(): void {
    if (this.#ended) return;
    this.#isWanted = true;
    if (this.#isDrawing || this.#timer !== undefined) return;
    const wait = Math.max(0, this.#drawnAt + this.#intervalMs - performance.now());
    this.#timer = setTimeout(() => void this.#frame(), wait);
  }

  /** Nothing is drawn any more. */
  [Symbol.dispose](): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #frame(): Promise<void> {
    this.#timer = undefined;
    this.#isWanted = false;
    this.#isDrawing = true;
    try {
      await this.#draw();
    } finally {
      this.#isDrawing = false;
      this.#drawnAt = performance.now();
      if (this.#isWanted) this.request();
    }
  }
}
