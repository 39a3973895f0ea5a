/**
 * Hands the hub's events to connections as ready frames. Subscribers with the same filter and framing form a
 * group: what is new is put together once per tick and the same bytes are written to every member that keeps
 * up. A member whose connection is full leaves the group, keeps its own cursor, and joins again when it has
 * caught up.
 */
import { Buffer } from "node:buffer";
import type { Framing } from "../socket/framing/framing.ts";
import { frameIn, sharedFrame } from "../socket/framing/shared_frame.ts";
import type { Cursor, CursorRead, Lagged } from "./cursor.ts";
import type { EventFilter } from "./event_filter.ts";
import type { Hub, StreamPosition } from "./hub.ts";

/** A connection as the fan-out sees it. */
export interface FrameSink {
  readonly framing: Framing;
  /** Takes the bytes in any case; false when it wants no more until {@link FrameSubscription.resume}. */
  write(frames: Uint8Array): boolean;
}

/** One subscription of one connection. */
export interface FrameSubscription extends Disposable {
  readonly filter: EventFilter;
  readonly position: StreamPosition;
  /** Begins to write; until then the events stay in the ring. */
  start(): void;
  /** The connection has drained: go on from where this subscriber stopped. */
  resume(): void;
}

/** What all subscribers of a group have in common. */
interface Group {
  readonly key: string;
  readonly filter: EventFilter;
  readonly framing: Framing;
  readonly cursor: Cursor;
  readonly live: Set<Member>;
  members: number;
  readonly fanout: Pick<Hub, "epoch"> & {
    /** Writes what is new to the groups. */
    flush(): void;
    /** A group has no member any more. */
    drop(group: Group): void;
  };
}

/** A connection may have many, and most wait: a member holds no more than its place. */
class Member implements FrameSubscription {
  readonly sink: FrameSink;
  readonly #group: Group;
  readonly #seq: number;
  /** Its own place while it is behind its group; undefined while it keeps up. */
  #cursor: Cursor | undefined;
  #state: "made" | "made-reset" | "started" | "ended";

  constructor(group: Group, sink: FrameSink, { seq, cursor, reset }: {
    seq: number;
    cursor: Cursor;
    /** It asked for another life of the stream. */
    reset: boolean;
  }) {
    this.sink = sink;
    this.#group = group;
    this.#seq = seq;
    this.#cursor = cursor;
    this.#state = reset ? "made-reset" : "made";
    group.members++;
  }

  get filter(): EventFilter {
    return this.#group.filter;
  }

  get position(): StreamPosition {
    return { epoch: this.#group.fanout.epoch, seq: this.#seq };
  }

  start(): void {
    if (this.#state !== "made" && this.#state !== "made-reset") return;
    const reset = this.#state === "made-reset";
    this.#state = "started";
    if (reset) this.sink.write(noticeFrame(this.sink.framing, "reset", this.position));
    this.resume();
  }

  resume(): void {
    if (this.#state !== "started" || this.#cursor === undefined) return;
    while (this.#cursor.behind) {
      const frames = joinFrames(this.#group.framing, this.#cursor.read(CATCH_UP_BYTES));
      if (frames !== undefined && !this.sink.write(frames)) return;
    }
    this.#group.fanout.flush();
    this.#cursor = undefined;
    this.#group.live.add(this);
  }

  /** It does not keep up: it goes on by itself until it does. */
  leave(): void {
    this.#group.live.delete(this);
    this.#cursor = this.#group.cursor.fork();
  }

  [Symbol.dispose](): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#group.live.delete(this);
    if (--this.#group.members === 0) this.#group.fanout.drop(this.#group);
  }
}

/** How much a member that is behind is given at once. */
const CATCH_UP_BYTES = 64 * 1024;

export class FrameFanout {
  readonly #hub: Hub;
  readonly #groups = new Map<string, Group>();

  readonly #shared: Group["fanout"];

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#shared = {
      epoch: hub.epoch,
      flush: () => this.#flush(),
      drop: ({ key }) => this.#groups.delete(key),
    };
    hub.onWake({ wake: () => this.#flush() });
  }

  /**
   * Makes a subscription from here on; {@link FrameSubscription.start} lets it write, once the answer to the
   * request that asked for it is out.
   *
   * @param filter see {@link EventFilter}
   */
  subscribe(
    sink: FrameSink,
    { filter, since }: { filter: EventFilter; since?: StreamPosition },
  ): FrameSubscription {
    this.#flush();
    const group = this.#group(sink.framing, filter);
    const { position, reset } = this.#hub.begin(since);
    return new Member(group, sink, { seq: this.#hub.seq, cursor: group.cursor.fork(position), reset });
  }

  #group(framing: Framing, filter: EventFilter): Group {
    const key = JSON.stringify([framing, filter.types, filter.subject ?? null]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const { cursor } = this.#hub.cursor(filter);
    const fanout = this.#shared;
    const group: Group = { key, filter, framing, cursor, live: new Set(), members: 0, fanout };
    this.#groups.set(key, group);
    return group;
  }

  #flush(): void {
    for (const group of this.#groups.values()) {
      if (!group.cursor.behind) continue;
      const frames = joinFrames(group.framing, group.cursor.read());
      if (frames === undefined) continue;
      for (const member of group.live) {
        if (!member.sink.write(frames)) member.leave();
      }
    }
  }
}

function joinFrames(framing: Framing, { lagged, events }: CursorRead): Uint8Array | undefined {
  const only = events[0];
  if (lagged === undefined && events.length <= 1) {
    return only === undefined ? undefined : frameIn(framing, only.frame);
  }
  const frames = events.map(({ frame }) => frameIn(framing, frame));
  if (lagged !== undefined) frames.unshift(noticeFrame(framing, "lagged", lagged));
  return Buffer.concat(frames);
}

/** A notice stands outside the stream: it is an event without `seq`, for this subscriber alone. */
function noticeFrame(framing: Framing, event: "lagged" | "reset", data: Lagged | StreamPosition): Buffer {
  return frameIn(framing, sharedFrame(JSON.stringify({ type: "event", event, data })));
}
