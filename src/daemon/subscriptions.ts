import type { EventFilter } from "../hub/event_filter.ts";
import type { FrameFanout, FrameSink, FrameSubscription } from "../hub/frame_fanout.ts";
import type { StreamPosition } from "../hub/hub.ts";
import { RequestError } from "../protocol/wire_error.ts";

/** What one connection is subscribed to. */
export class Subscriptions implements Disposable {
  readonly #prefix: string;
  readonly #fanout: FrameFanout;
  readonly #open = new Map<string, FrameSubscription>();
  #next = 1;
  /** Which of the open ones is the first at the next drain, counted round and round. */
  #turn = 0;

  /** @param prefix makes ids unique among connections */
  constructor(prefix: string, fanout: FrameFanout) {
    this.#prefix = prefix;
    this.#fanout = fanout;
  }

  get open(): ReadonlyMap<string, { filter: EventFilter }> {
    return this.#open;
  }

  /** @throws {RequestError} `too_many` */
  add(
    sink: FrameSink,
    { filter, since, most }: { filter: EventFilter; since: StreamPosition | undefined; most: number },
  ): { id: string; position: StreamPosition; start: () => void } {
    if (this.#open.size >= most) {
      throw new RequestError("too_many", `More than ${most} subscriptions on one connection`);
    }
    const id = `${this.#prefix}-${this.#next++}`;
    const stream = this.#fanout.subscribe(sink, { filter, ...(since === undefined ? {} : { since }) });
    this.#open.set(id, stream);
    return { id, position: stream.position, start: () => stream.start() };
  }

  /** @returns false when there is no such subscription */
  remove(id: string): boolean {
    const stream = this.#open.get(id);
    // What was published while it was subscribed is still to come.
    stream?.resume();
    stream?.[Symbol.dispose]();
    return this.#open.delete(id);
  }

  /** The connection has drained. They take turns: one that fills it again is the last the next time. */
  resume(): void {
    const streams = [...this.#open.values()];
    for (const _ of streams) {
      const stream = streams[this.#turn++ % streams.length];
      if (stream?.resume() === false) return;
    }
  }

  [Symbol.dispose](): void {
    for (const stream of this.#open.values()) stream[Symbol.dispose]();
    this.#open.clear();
  }
}
