import type { EventRing, HubEvent } from "./event_ring.ts";

/** Events that were overwritten before the reader came to them: `from` to `to`, both included. */
export interface Lagged {
  from: number;
  to: number;
  dropped: number;
}

/** What one read of a {@link Cursor} gives: what was missed first, then what matched. */
export interface CursorRead {
  lagged: Lagged | undefined;
  events: HubEvent[];
}

/** One reader's place in the ring. Moving it costs nothing to the publisher or to other readers. */
export class Cursor {
  readonly #ring: EventRing;
  readonly #matches: (event: HubEvent) => boolean;
  /** The `seq` to look at next. */
  position: number;

  constructor(ring: EventRing, options: { matches: (event: HubEvent) => boolean; position: number }) {
    this.#ring = ring;
    this.#matches = options.matches;
    this.position = options.position;
  }

  /** Whether the ring holds something that this cursor has not looked at. */
  get behind(): boolean {
    return this.position < this.#ring.next;
  }

  /** Looks at what is new, until about `maxBytes` of matching events are found. */
  read(maxBytes: number = Infinity): CursorRead {
    const lagged = this.#skipOverwritten();
    const events: HubEvent[] = [];
    let bytes = 0;
    while (this.position < this.#ring.next && bytes < maxBytes) {
      const event = this.#ring.get(this.position++);
      if (event === undefined || !this.#matches(event)) continue;
      events.push(event);
      bytes += event.size;
    }
    return { lagged, events };
  }

  #skipOverwritten(): Lagged | undefined {
    const from = this.position;
    const first = this.#ring.first;
    if (from >= first) return undefined;
    this.position = first;
    return { from, to: first - 1, dropped: first - from };
  }
}
