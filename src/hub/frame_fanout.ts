/**
 * Hands the hub's events to connections as ready frames. It goes round its subscribers, once a turn of the
 * event loop at most, and writes to each what is new for it: the same bytes to all that have the same filter,
 * framing and place. After some writes it lets other work pass, and what that publishes goes along with what
 * the remaining subscribers get. One whose connection is full is left out until it has caught up.
 */
import { Buffer } from "node:buffer";
import type { Framing } from "../socket/framing/framing.ts";
import { frameIn, frameLength, sharedFrame } from "../socket/framing/shared_frame.ts";
import type { Cursor, CursorRead, Lagged } from "./cursor.ts";
import type { EventFilter } from "./event_filter.ts";
import type { Hub, StreamPosition } from "./hub.ts";

/** A connection as the fan-out sees it. */
export interface FrameSink {
  readonly framing: Framing;
  /** It wants no more, for any of its subscriptions, until {@link FrameSubscription.resume}. */
  readonly full: boolean;
  /** Takes the bytes in any case, which do not change; false when it is full now. */
  write(frames: Buffer): boolean;
}

/** One subscription of one connection. */
export interface FrameSubscription extends Disposable {
  readonly filter: EventFilter;
  readonly position: StreamPosition;
  /** Begins to write; until then the events stay in the ring. */
  start(): void;
  /**
   * Writes now what is new for this subscriber, as when the connection has drained.
   *
   * @returns false when the connection is full
   */
  resume(): boolean;
}

/** What all subscribers of a group have in common. */
interface Group {
  readonly key: string;
  readonly filter: EventFilter;
  readonly framing: Framing;
  readonly cursor: Cursor;
  /** Those that keep up. */
  readonly live: Set<Member>;
  members: number;
  readonly fanout: {
    readonly hub: Pick<Hub, "epoch" | "seq">;
    /** A group has no member any more. */
    drop(group: Group): void;
  };
}

/** A connection may have many, and most wait: a member holds no more than its place. */
class Member implements FrameSubscription {
  readonly sink: FrameSink;
  readonly group: Group;
  readonly #seq: number;
  /** The `seq` to look at next. */
  next: number;
  #state: "made" | "made-reset" | "started" | "ended";

  constructor(group: Group, sink: FrameSink, { seq, next, reset }: {
    seq: number;
    next: number;
    /** It asked for another life of the stream. */
    reset: boolean;
  }) {
    this.sink = sink;
    this.group = group;
    this.#seq = seq;
    this.next = next;
    this.#state = reset ? "made-reset" : "made";
    group.members++;
  }

  get filter(): EventFilter {
    return this.group.filter;
  }

  get position(): StreamPosition {
    return { epoch: this.group.fanout.hub.epoch, seq: this.#seq };
  }

  start(): void {
    if (this.#state !== "made" && this.#state !== "made-reset") return;
    const reset = this.#state === "made-reset";
    this.#state = "started";
    if (reset) this.sink.write(noticeFrame(this.sink.framing, "reset", this.position));
    this.resume();
  }

  resume(): boolean {
    if (this.#state !== "started") return true;
    const { cursor, framing, fanout, live } = this.group;
    while (!this.sink.full) {
      if (this.next > fanout.hub.seq) {
        live.add(this);
        return true;
      }
      cursor.position = this.next;
      const frames = joinFrames(framing, cursor.read(CATCH_UP_BYTES));
      this.next = cursor.position;
      if (frames !== undefined && !this.sink.write(frames)) break;
    }
    live.delete(this);
    return false;
  }

  [Symbol.dispose](): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.group.live.delete(this);
    if (--this.group.members === 0) this.group.fanout.drop(this.group);
  }
}

/** How much a member that is behind is given at once. */
const CATCH_UP_BYTES = 64 * 1024;
/**
 * Writes, and looks at events, before other work may pass. There is no limit of writes where so much is new
 * that the ring could overwrite it; what publishes then goes on with the round each time. Thousands of
 * filters that match nothing write nothing.
 */
const WRITES_IN_A_ROW = 16;
const LOOKS_IN_A_ROW = 20_000;
const HURRY_EVENTS = 4096;
const HURRY_BYTES = 1024 * 1024;

/** Frames of the events from `from` to before `to`. */
interface Written {
  from: number;
  to: number;
  frames: Buffer | undefined;
}

interface Round {
  /** Group by group, which have the same to write. */
  members: Member[];
  /** Of them, the next one. */
  index: number;
  /** The stream when it began. */
  seq: number;
  bytes: number;
  /** Events that it has looked at, for all groups together. */
  looks: number;
  /** What each group's last member got, for the next one at the same place. */
  last: Map<Group, Written>;
  /** The frames of all events, for groups that want them all. */
  whole: Partial<Record<Framing, Written>>;
}

export class FrameFanout {
  readonly #hub: Hub;
  readonly #groups = new Map<string, Group>();
  readonly #shared: Group["fanout"];
  /** Undefined while every member that keeps up has everything. */
  #round: Round | undefined;
  #scheduled = false;

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#shared = { hub, drop: ({ key }) => this.#groups.delete(key) };
    hub.onWake({ wake: () => this.#onWake() });
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
    const group = this.#group(sink.framing, filter);
    const { position, reset } = this.#hub.begin(since);
    return new Member(group, sink, { seq: this.#hub.seq, next: position, reset });
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

  /** Whether some members may lack what was published. */
  get isBehind(): boolean {
    return this.#round !== undefined || this.#hub.isWaking;
  }

  #onWake(): void {
    if (this.#groups.size === 0) return;
    const { seq, publishedBytes } = this.#hub;
    const round = this.#round ??= this.#begin();
    if (seq - round.seq > HURRY_EVENTS || publishedBytes - round.bytes > HURRY_BYTES) {
      this.#goOn({ hurried: true });
    }
  }

  #begin(): Round {
    const members = [];
    for (const { live } of this.#groups.values()) {
      for (const member of live) members.push(member);
    }
    this.#schedule();
    const { seq, publishedBytes } = this.#hub;
    return { members, index: 0, seq, bytes: publishedBytes, looks: 0, last: new Map(), whole: {} };
  }

  #goOn({ hurried }: { hurried: boolean }): void {
    if (this.#round === undefined) return;
    try {
      this.#write(this.#round, hurried);
    } finally {
      // Also after a write that threw, which is that member's alone.
      if (this.#round !== undefined) this.#schedule();
    }
  }

  #write(round: Round, hurried: boolean): void {
    const enough = round.looks + LOOKS_IN_A_ROW;
    for (let writes = 0; (hurried || writes < WRITES_IN_A_ROW) && round.looks < enough;) {
      const member = round.members[round.index++];
      if (member === undefined) {
        // The first ones have not got what came after their turn.
        this.#round = this.#hub.seq > round.seq ? this.#begin() : undefined;
        return;
      }
      const { sink, group: { live } } = member;
      if (!live.has(member)) continue;
      // Another subscription of its connection has filled it.
      if (sink.full) {
        live.delete(member);
        continue;
      }
      const frames = this.#newFor(member, round);
      if (frames === undefined) continue;
      writes++;
      if (!sink.write(frames)) live.delete(member);
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#goOn({ hurried: false });
    });
  }

  #newFor(member: Member, round: Round): Buffer | undefined {
    const { last, whole } = round;
    const { group, next: from } = member;
    const to = this.#hub.seq + 1;
    if (from === to) return undefined;
    member.next = to;
    const known = last.get(group);
    if (known?.from === from && known.to === to) return known.frames;
    group.cursor.position = from;
    const read = group.cursor.read();
    round.looks += to - from;
    const wantsAll = read.events.length === to - from;
    const shared = wantsAll ? whole[group.framing] : undefined;
    const isSame = shared?.from === from && shared.to === to;
    const written = isSame ? shared : { from, to, frames: joinFrames(group.framing, read) };
    last.set(group, written);
    if (wantsAll) whole[group.framing] = written;
    return written.frames;
  }
}

/** Of its own memory, so that a connection that is full holds no more of the ring than this. */
function joinFrames(framing: Framing, { lagged, events }: CursorRead): Buffer | undefined {
  const notice = lagged === undefined ? undefined : noticeFrame(framing, "lagged", lagged);
  let length = notice?.length ?? 0;
  for (const event of events) length += frameLength(framing, event.size);
  if (length === 0) return undefined;
  const joined = Buffer.allocUnsafeSlow(length);
  let at = notice?.copy(joined) ?? 0;
  for (const event of events) at += event.copyFrame(framing, joined, at);
  return joined;
}

/** A notice stands outside the stream: it is an event without `seq`, for this subscriber alone. */
function noticeFrame(framing: Framing, event: "lagged" | "reset", data: Lagged | StreamPosition): Buffer {
  return frameIn(framing, sharedFrame(JSON.stringify({ type: "event", event, data })));
}
