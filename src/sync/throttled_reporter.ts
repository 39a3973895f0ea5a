import type { InstallProgress } from "../protocol/install.ts";

export interface ThrottleOptions {
  send(progress: InstallProgress): void;
  /** Milliseconds between two reports of the same phase. */
  interval?: number;
  /** Milliseconds after which a step that reports nothing itself is reported again, as a sign of life. */
  heartbeat?: number;
  now?: () => number;
}

/**
 * Reports at most about twenty times a second, yet every change of phase at once, and the last word of each
 * phase before the first of the next.
 */
export class ThrottledReporter {
  readonly #send: (progress: InstallProgress) => void;
  readonly #interval: number;
  readonly #heartbeat: number;
  readonly #now: () => number;
  #last: { state: InstallProgress["state"]; at: number } | undefined;
  #held: InstallProgress | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;

  constructor(
    { send, interval = 50, heartbeat = 5_000, now = () => performance.now() }: ThrottleOptions,
  ) {
    this.#send = send;
    this.#interval = interval;
    this.#heartbeat = heartbeat;
    this.#now = now;
  }

  readonly report = (progress: InstallProgress): void => {
    const last = this.#last;
    const steady = progress.state === "downloading" || progress.state === "extracting";
    const wait = last === undefined ? 0 : last.at + this.#interval - this.#now();
    if (steady && last?.state === progress.state && wait > 0) {
      this.#held = progress;
      this.#timer ??= setTimeout(() => this.flush(), wait);
      return;
    }
    // What is held of the same phase is older than this.
    if (this.#held?.state === progress.state) this.#held = undefined;
    this.flush();
    this.#pass(progress);
  };

  /** Sends what is held back. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#pass(held);
  }

  /** Sends what is held back, and nothing afterwards. */
  close(): void {
    this.flush();
    clearInterval(this.#pulse);
  }

  #pass(progress: InstallProgress): void {
    this.#last = { state: progress.state, at: this.#now() };
    clearInterval(this.#pulse);
    this.#send(progress);
    if (progress.state !== "post_install") return;
    this.#pulse = setInterval(() => this.#send(progress), this.#heartbeat);
  }
}
