import type { Client } from "./client.ts";
import type { Call } from "./method_table.ts";
import { sendEvent } from "./send_event.ts";

/** The connection that a request came from. */
interface Caller extends Client {
  /** Queues one message's JSON text. */
  sendText(json: string): void;
}

/** One request on its way. The signal costs something, so it is made only when a method looks at it. */
export class PendingCall implements Call {
  readonly client: Caller;
  readonly #id: string | undefined;
  #abort: AbortController | undefined;
  #reason: Error | undefined;
  #onAnswered: ((sent: boolean) => void) | undefined;

  /** @param id the request's; undefined when no answer is wanted */
  constructor(client: Caller, id: string | undefined) {
    this.client = client;
    this.#id = id;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#reason !== undefined) this.#abort.abort(this.#reason);
    return this.#abort.signal;
  }

  progress(event: string, data: unknown): void {
    if (this.#id === undefined) return;
    sendEvent((json) => this.client.sendText(json), { id: this.#id, event, data });
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
