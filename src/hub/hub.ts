/**
 * The in-process broadcast hub. All events lie in one ring; a subscriber is a cursor into it. Publishing
 * appends and wakes, and never waits: a reader that stalls only loses its own events, and
 * learns how many.
 *
 * The promise: in order, at most once, gaps always announced (`lagged`), another epoch announced (`reset`).
 */
import { randomId } from "../base/random_id.ts";
import { Cursor } from "./cursor.ts";
import { compileTypeGlobs, type EventFilter } from "./event_filter.ts";
import { EventRing, type EventRingLimits, type HubEvent } from "./event_ring.ts";
import type { Packer } from "./piece.ts";

/** A place in the stream that a subscriber saw last; the next event it wants is the one after. */
export interface StreamPosition {
  epoch: string;
  seq: number;
}

export interface HubOptions {
  limits?: Partial<EventRingLimits>;
  /** Of one event's message; subscribers hear of a larger one as `lagged`. The default is a frame's limit. */
  maxFrameBytes?: () => number;
  /** Compresses events while nothing happens. */
  packer?: Packer | undefined;
  /** Milliseconds since 1970. */
  now?: () => number;
  /**
   * Called each time that so many bytes of events have gone by that collecting what they left is worth it.
   */
  onVolume?: () => void;
}

const VOLUME_BYTES = 1024 * 1024;

/** Woken, in a microtask, after events were published. */
export interface HubReader {
  wake(): void;
}

export class Hub {
  /** Names this life of the stream: 12 hex digits, new for every hub. */
  readonly epoch: string = randomId();
  readonly #ring: EventRing;
  readonly #now: () => number;
  readonly #readers = new Set<HubReader>();
  readonly #onVolume: (() => void) | undefined;
  #wakeScheduled = false;
  #published = 0;
  #volumeFrom = 0;

  constructor({ limits = {}, maxFrameBytes, packer, now = Date.now, onVolume }: HubOptions = {}) {
    this.#onVolume = onVolume;
    const most = { events: 65_536, bytes: 16 * 1024 * 1024, ...limits };
    this.#ring = new EventRing(most, { maxFrameBytes, packer });
    this.#now = now;
  }

  /** The `seq` of the newest event, 0 before the first. */
  get seq(): number {
    return this.#ring.next - 1;
  }

  /** Whether its readers are still to be woken for what was published last. */
  get isWaking(): boolean {
    return this.#wakeScheduled;
  }

  /** Bytes of all events so far. */
  get publishedBytes(): number {
    return this.#published;
  }

  /** Events and bytes that a new subscriber could still replay. */
  get retained(): { events: number; bytes: number } {
    return { events: this.#ring.next - this.#ring.first, bytes: this.#ring.bytes };
  }

  /**
   * Adds an event to the stream.
   *
   * @param data anything that JSON can say; not to be changed afterwards
   * @returns its `seq`
   */
  publish(type: string, data: unknown, { subject }: { subject?: string | undefined } = {}): number {
    const event = this.#ring.push({ type, subject, time: this.#now(), data });
    this.#published += event.size;
    if (this.#published - this.#volumeFrom >= VOLUME_BYTES) {
      this.#volumeFrom = this.#published;
      this.#onVolume?.();
    }
    if (this.#readers.size > 0 && !this.#wakeScheduled) {
      this.#wakeScheduled = true;
      queueMicrotask(() => this.#wakeAll());
    }
    return event.seq;
  }

  /** Makes what it holds smaller, at some cost to those who read it: to be called when nothing happens. */
  rest(): void {
    this.#ring.rest();
  }

  /**
   * A cursor over the events that match. Without `since` it starts at the next event; with it, after the one
   * named.
   *
   * @returns `reset` when `since` belongs to another epoch (or to the future): the cursor then starts at the
   * next event
   */
  cursor(filter: EventFilter, { since }: { since?: StreamPosition | undefined } = {}): {
    cursor: Cursor;
    reset: boolean;
  } {
    const matchesType = compileTypeGlobs(filter.types);
    const { subject } = filter;
    const matches = (event: HubEvent) =>
      (subject === undefined || event.subject === subject) && matchesType(event.type);
    const { position, reset } = this.begin(since);
    return { cursor: new Cursor(this.#ring, { matches, position }), reset };
  }

  /** Where a {@link cursor} begins that was asked for with `since`. */
  begin(since: StreamPosition | undefined): { position: number; reset: boolean } {
    const reset = since !== undefined && (since.epoch !== this.epoch || since.seq > this.seq);
    return { position: since === undefined || reset ? this.#ring.next : since.seq + 1, reset };
  }

  /** Registers a reader; dispose the result to take it out. */
  onWake(reader: HubReader): Disposable {
    this.#readers.add(reader);
    return { [Symbol.dispose]: () => void this.#readers.delete(reader) };
  }

  #wakeAll(): void {
    this.#wakeScheduled = false;
    for (const reader of this.#readers) reader.wake();
  }
}
