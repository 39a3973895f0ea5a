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
  readonly position: StreamPosition;
  /** Begins to write; until then the events stay in the ring. */
  start(): void;
  /** The connection has drained: go on from where this subscriber stopped. */
  resume(): void;
}

interface Member {
  sink: FrameSink;
  /** Its own place while it is behind its group; undefined while it keeps up. */
  cursor: Cursor | undefined;
}

interface Group {
  cursor: Cursor;
  live: Set<Member>;
  members: number;
  framing: Framing;
}

/** How much a member that is behind is given at once. */
const CATCH_UP_BYTES = 64 * 1024;

export class FrameFanout {
  readonly #hub: Hub;
  readonly #groups = new Map<string, Group>();

  constructor(hub: Hub) {
    this.#hub = hub;
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
    const key = JSON.stringify([sink.framing, filter.types, filter.subject ?? null]);
    const group = this.#group(key, sink.framing, filter);
    const { cursor, reset } = this.#hub.cursor(filter, { since });
    const member: Member = { sink, cursor };
    const position = { epoch: this.#hub.epoch, seq: this.#hub.seq };
    group.members++;
    let state: "made" | "started" | "ended" = "made";
    const catchUp = () => {
      if (state === "started") this.#catchUp(group, member);
    };
    return {
      position,
      start: () => {
        if (state !== "made") return;
        state = "started";
        if (reset) sink.write(noticeFrame(sink.framing, "reset", position));
        catchUp();
      },
      resume: catchUp,
      [Symbol.dispose]: () => {
        if (state === "ended") return;
        state = "ended";
        group.live.delete(member);
        if (--group.members === 0) this.#groups.delete(key);
      },
    };
  }

  #group(key: string, framing: Framing, filter: EventFilter): Group {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group: Group = { cursor: this.#hub.cursor(filter).cursor, live: new Set(), members: 0, framing };
    this.#groups.set(key, group);
    return group;
  }

  #flush(): void {
    for (const group of this.#groups.values()) {
      if (!group.cursor.behind) continue;
      const frames = joinFrames(group.framing, group.cursor.read());
      if (frames === undefined) continue;
      for (const member of group.live) {
        if (!member.sink.write(frames)) this.#leave(group, member);
      }
    }
  }

  #leave(group: Group, member: Member): void {
    group.live.delete(member);
    member.cursor = group.cursor.fork();
  }

  #catchUp(group: Group, member: Member): void {
    const { cursor } = member;
    if (cursor === undefined) return;
    while (cursor.behind) {
      const frames = joinFrames(group.framing, cursor.read(CATCH_UP_BYTES));
      if (frames !== undefined && !member.sink.write(frames)) return;
    }
    this.#flush();
    member.cursor = undefined;
    group.live.add(member);
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
