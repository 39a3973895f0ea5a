import type { Client } from "./client.ts";
import type { Call } from "./method_table.ts";

/** One request on its way. The signal costs something, so it is made only when a method looks at it. */
export class PendingCall implements Call {
  readonly client: Client;
  readonly #progress: (event: string, data: unknown) => void;
  #abort: AbortController | undefined;
  #reason: Error | undefined;
  #onAnswered: ((sent: boolean) => void) | undefined;

  constructor(client: Client, progress: (event: string, data: unknown) => void) {
    this.client = client;
    this.#progress = progress;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#reason !== undefined) this.#abort.abort(this.#reason);
    return this.#abort.signal;
  }

  progress(event: string, data: unknown): void {
    this.#progress(event, data);
  }

  onAnswered(listener: (sent: boolean) => void): void {
    this.#onAnswered = listener;
  }

  /** The answer is queued on the connection; `sent` is false when it is an error. */
  answered(sent: boolean): void {
    this.#onAnswered?.(sent);
  }

  /** Why the call was ended early; undefined while it may go on. */
  get endReason(): Error | undefined {
    return this.#reason;
  }

  /** The first reason counts. */
  end(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#abort?.abort(reason);
  }
}
