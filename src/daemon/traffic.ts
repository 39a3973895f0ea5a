/** Counts of the daemon's connections since it started. */
export class Traffic {
  accepted = 0;
  receivedBytes = 0;
  receivedFrames = 0;
  sentBytes = 0;
  /** Connections closed because their client did not read. */
  slowConsumers = 0;
  readonly #onBytes: () => void;

  /** @param onBytes called whenever something was received or sent */
  constructor(onBytes: () => void) {
    this.#onBytes = onBytes;
  }

  received(bytes: number, frames: number): void {
    this.#onBytes();
    this.receivedBytes += bytes;
    this.receivedFrames += frames;
  }

  sent(bytes: number): void {
    this.#onBytes();
    this.sentBytes += bytes;
  }

  closed(reason: string): void {
    if (reason === "slow_consumer") this.slowConsumers++;
  }
}
