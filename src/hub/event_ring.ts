import { Buffer } from "node:buffer";
import { FrameError } from "../socket/framing/frame_error.ts";
import { scanJson } from "../socket/framing/json_text.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Framing } from "../socket/framing/framing.ts";
import { copyFrameIn, type SharedFrame } from "../socket/framing/shared_frame.ts";
import { FrameArena } from "./frame_arena.ts";
import type { Packer, Piece } from "./piece.ts";

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
  /** The event's message, serialised once for all readers; a notice of one that no reader would take. */
  readonly frame: SharedFrame;
  /** Bytes of the frame. */
  readonly size: number;
  /** Copies the message as a frame of this framing. @returns its bytes */
  copyFrame(framing: Framing, target: Buffer, at: number): number;
}

class StoredEvent implements HubEvent {
  readonly seq: number;
  readonly type: string;
  readonly subject: string | undefined;
  readonly time: number;
  readonly size: number;
  readonly piece: Piece;
  readonly #start: number;

  constructor(
    { seq, type, subject, time, size }: Omit<HubEvent, "frame" | "copyFrame">,
    place: { piece: Piece; start: number },
  ) {
    this.seq = seq;
    this.type = type;
    this.subject = subject;
    this.time = time;
    this.size = size;
    this.piece = place.piece;
    this.#start = place.start;
  }

  /** A view, not a copy. */
  get frame(): SharedFrame {
    return this.piece.bytes.subarray(this.#start, this.#start + this.size);
  }

  copyFrame(framing: Framing, target: Buffer, at: number): number {
    const from = { bytes: this.piece.bytes, start: this.#start, length: this.size };
    return copyFrameIn(framing, from, { target, at });
  }
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
  readonly #maxFrameBytes: () => number;
  readonly #slots: (StoredEvent | undefined)[];
  readonly #arena: FrameArena;
  #first = 1;
  #next = 1;
  #bytes = 0;

  /**
   * @param options.maxFrameBytes of one event's message, which its readers take
   * @param options.packer for {@link rest}
   */
  constructor(
    limits: EventRingLimits,
    { maxFrameBytes = () => LIMITS.frame, packer }: {
      maxFrameBytes?: (() => number) | undefined;
      packer?: Packer | undefined;
    } = {},
  ) {
    this.#limits = limits;
    this.#maxFrameBytes = maxFrameBytes;
    this.#arena = new FrameArena(packer);
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
    const json = JSON.stringify({ type: "event", event: type, seq, time, subject, data });
    const { piece, start, size } = this.#arena.add(this.#isReadable(json) ? json : missed(seq));
    const stored = new StoredEvent({ seq, type, subject, time, size }, { piece, start });
    if (seq - this.#first >= this.#limits.events) this.#dropFirst();
    this.#slots[seq % this.#limits.events] = stored;
    this.#next = seq + 1;
    this.#bytes += size;
    while (this.#bytes > this.#limits.bytes && this.#first < seq) this.#dropFirst();
    return stored;
  }

  /** The event with this `seq`, or undefined when it has been overwritten or is yet to come. */
  get(seq: number): HubEvent | undefined {
    if (seq < this.#first || seq >= this.#next) return undefined;
    return this.#slots[seq % this.#limits.events];
  }

  /** Compresses what it holds: to be called when nothing happens. */
  rest(): void {
    const pieces = new Set<Piece>();
    for (const event of this.#slots) if (event !== undefined) pieces.add(event.piece);
    this.#arena.pack(pieces);
  }

  /** A frame that breaks a limit would end the connection of each subscriber. */
  #isReadable(json: string): boolean {
    // What JSON is made of here was checked when it came in, so what it was wrapped in decides.
    if (json.length < LONG_EVENT && !isPerhapsDeep(json)) return true;
    const bytes = Buffer.from(json);
    if (bytes.length > this.#maxFrameBytes()) return false;
    try {
      scanJson(bytes, 0, bytes.length);
      return true;
    } catch (error) {
      if (error instanceof FrameError) return false;
      throw error;
    }
  }

  #dropFirst(): void {
    const slot = this.#first % this.#limits.events;
    this.#bytes -= this.#slots[slot]?.size ?? 0;
    this.#slots[slot] = undefined;
    this.#first++;
  }
}

/** A shorter text has fewer bytes and fewer keys than the limits of a frame: five characters are a key. */
const LONG_EVENT = 5 * LIMITS.jsonKeys;

/** Whether there are enough closing brackets; a search for each of them costs less than a scan. */
function isPerhapsDeep(json: string): boolean {
  let count = 0;
  for (const bracket of ["]", "}"]) {
    for (let at = json.indexOf(bracket); at !== -1; at = json.indexOf(bracket, at + 1)) {
      if (++count > LIMITS.jsonNesting) return true;
    }
  }
  return false;
}

function missed(seq: number): string {
  return JSON.stringify({ type: "event", event: "lagged", data: { from: seq, to: seq, dropped: 1 } });
}
