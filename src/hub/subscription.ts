import type { Cursor, Lagged } from "./cursor.ts";
import type { EventFilter } from "./event_filter.ts";
import type { HubEvent } from "./event_ring.ts";
import type { Hub, StreamPosition } from "./hub.ts";

/** What a subscriber sees: events, and notices where the stream has a gap or is another one. */
export type HubItem =
  | { kind: "event"; event: HubEvent }
  | { kind: "lagged"; lagged: Lagged }
  | { kind: "reset"; position: StreamPosition };

export interface SubscribeOptions<Snapshot> {
  filter: EventFilter;
  since?: StreamPosition | undefined;
  /** Taken in the same step as the subscription: no event lies between the two, none is in both. */
  snapshot?: () => Snapshot;
  signal?: AbortSignal;
}

/** A running subscription of haft's own code. Iterate it; leaving the loop, `close()` or the signal ends it. */
export class HubSubscription<Snapshot = undefined> implements AsyncIterable<HubItem>, Disposable {
  /** Where the stream stood when the subscription began. */
  readonly position: StreamPosition;
  readonly snapshot: Snapshot | undefined;
  readonly #cursor: Cursor;
  readonly #registration: Disposable;
  readonly #pending: HubItem[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(hub: Hub, { filter, since, snapshot, signal }: SubscribeOptions<Snapshot>) {
    const { cursor, reset } = hub.cursor(filter, { since });
    this.#cursor = cursor;
    this.position = { epoch: hub.epoch, seq: hub.seq };
    this.snapshot = snapshot?.();
    if (reset) this.#pending.push({ kind: "reset", position: this.position });
    this.#registration = hub.onWake({ wake: () => this.#wake?.() });
    if (signal?.aborted) this.close();
    else signal?.addEventListener("abort", () => this.close(), { once: true });
  }

  /** Ends the stream; what a running iteration has not taken yet is dropped. Closing twice does nothing. */
  close(): void {
    this.#closed = true;
    this.#registration[Symbol.dispose]();
    this.#wake?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<HubItem, void, void> {
    try {
      while (!this.#closed) {
        const item = this.#take();
        if (item !== undefined) yield item;
        else await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      this.close();
    }
  }

  #take(): HubItem | undefined {
    if (this.#pending.length === 0 && this.#cursor.behind) {
      const { lagged, events } = this.#cursor.read(READ_AHEAD_BYTES);
      if (lagged !== undefined) this.#pending.push({ kind: "lagged", lagged });
      for (const event of events) this.#pending.push({ kind: "event", event });
      this.#pending.reverse();
    }
    return this.#pending.pop();
  }
}

/** Read this much at a time, so that what a slow reader holds outside the ring stays small. */
const READ_AHEAD_BYTES = 16 * 1024;

/** Subscribes from within haft's own process. */
export function subscribe<Snapshot = undefined>(
  hub: Hub,
  options: SubscribeOptions<Snapshot>,
): HubSubscription<Snapshot> {
  return new HubSubscription(hub, options);
}

/**
 * Calls `listener` for every item, in a microtask after the publisher's own code.
 *
 * @param onError called with what the listener throws; the subscription goes on
 */
export function onItem(
  hub: Hub,
  options: SubscribeOptions<unknown> & {
    listener: (item: HubItem) => void;
    onError: (error: unknown) => void;
  },
): Disposable {
  const { cursor, reset } = hub.cursor(options.filter, { since: options.since });
  const call = (item: HubItem) => {
    try {
      options.listener(item);
    } catch (error) {
      options.onError(error);
    }
  };
  const drain = () => {
    const { lagged, events } = cursor.read();
    if (lagged !== undefined) call({ kind: "lagged", lagged });
    for (const event of events) call({ kind: "event", event });
  };
  if (reset) call({ kind: "reset", position: { epoch: hub.epoch, seq: hub.seq } });
  const registration = hub.onWake({ wake: drain });
  if (cursor.behind) queueMicrotask(drain);
  options.signal?.addEventListener("abort", () => registration[Symbol.dispose](), { once: true });
  return registration;
}
