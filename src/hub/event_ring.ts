import { type SharedFrame, sharedFrame } from "../socket/framing/shared_frame.ts";

/** One event as the hub keeps it. */
export interface HubEvent {
  /** Position in the stream of this epoch; the first is 1. */
  readonly seq: number;
  /** Dot-separated, e.g. `install.progress`. */
  readonly type: string;
  /** The app, tool or task that it is about. */
  readonly subject: string | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** As it was published. The publisher must not change it afterwards. */
  readonly data: unknown;
  /** The event's message, serialised once for all readers. */
  readonly frame: SharedFrame;
}

export interface EventRingLimits {
  /** Events kept at most. */
  events: number;
  /** Serialised bytes kept at most; the newest event stays whatever its size. */
  bytes: number;
}

/**
 * The latest events, oldest first, in a fixed number of slots. A publisher overwrites the oldest and never
 * waits.
 */
export class EventRing {
  readonly #limits: EventRingLimits;
  readonly #slots: (HubEvent | undefined)[];
  #first = 1;
  #next = 1;
  #bytes = 0;

  constructor(limits: EventRingLimits) {
    this.#limits = limits;
    this.#slots = new Array(limits.events);
  }

  /** The oldest `seq` that is still here; equal to {@link next} when the ring is empty. */
  get first(): number {
    return this.#first;
  }

  /** The `seq` that the next event gets. */
  get next(): number {
    return this.#next;
  }

  /** Serialised bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an event and gives it its `seq`. */
  push(event: { type: string; subject: string | undefined; time: number; data: unknown }): HubEvent {
    const seq = this.#next;
    const { type, subject, time, data } = event;
    const frame = sharedFrame(JSON.stringify({ type: "event", event: type, seq, time, subject, data }));
    const stored: HubEvent = { seq, ...event, frame };
    if (seq - this.#first >= this.#limits.events) this.#dropFirst();
    this.#slots[seq % this.#limits.events] = stored;
    this.#next = seq + 1;
    this.#bytes += frame.length;
    while (this.#bytes > this.#limits.bytes && this.#first < seq) this.#dropFirst();
    return stored;
  }

  /** The event with this `seq`, or undefined when it has been overwritten or is yet to come. */
  get(seq: number): HubEvent | undefined {
    if (seq < this.#first || seq >= this.#next) return undefined;
    return this.#slots[seq % this.#limits.events];
  }

  #dropFirst(): void {
    const slot = this.#first % this.#limits.events;
    this.#bytes -= this.#slots[slot]?.frame.length ?? 0;
    this.#slots[slot] = undefined;
    this.#first++;
  }
}
