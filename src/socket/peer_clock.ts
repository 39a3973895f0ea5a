/**
 * When a peer was last heard, and what it has kept waiting. The connection's owner looks when something may
 * be due, and does what {@link PeerClock.look} says. All times are milliseconds of `performance.now()`.
 */
export interface PeerLimits {
  /** From connecting to the end of the first frame. */
  firstFrameTimeoutMs: number;
  /** From the first to the last byte of a frame. */
  frameTimeoutMs: number;
  /** Without any progress of queued output. */
  drainTimeoutMs: number;
  /** Silence after which the peer is asked for a sign of life; it is asked twice. */
  keepAliveMs: number;
}

/** What the owner of the connection must do. */
export type Overdue =
  | { kind: "ping"; number: number }
  /** It is too late: the connection ends with this message. */
  | { kind: "late"; message: string }
  /** The peer does not read, or does not answer: there is no use in telling it. */
  | { kind: "lost"; reason: string };

/** Pings that may stay unanswered. */
const MOST_PINGS = 2;

/** The state of a connection as far as its times depend on it. */
export interface PeerState {
  /** The first frame is still to come. */
  silent: boolean;
  /** Only the rest of the output matters. */
  closing: boolean;
  /** The peer is asked for signs of life. */
  keepAlive: boolean;
}

export class PeerClock {
  readonly connectedAt: number;
  #heardAt: number;
  /** When the frame that is incomplete began. */
  #frameSince: number | undefined;
  /** When output stopped being taken. */
  #stuckSince: number | undefined;
  #pings = 0;

  constructor(now: number) {
    this.connectedAt = now;
    this.#heardAt = now;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  /** Bytes have come. @param partial they end inside a frame @param frames ended with them */
  heard(now: number, { partial, frames }: { partial: boolean; frames: number }): void {
    this.#heardAt = now;
    this.#pings = 0;
    // A frame that goes on from chunk to chunk keeps the time of its beginning.
    if (!partial) this.#frameSince = undefined;
    else if (frames > 0 || this.#frameSince === undefined) this.#frameSince = now;
  }

  stuck(now: number): void {
    this.#stuckSince ??= now;
  }

  drained(): void {
    this.#stuckSince = undefined;
  }

  /** When {@link look} has something to say, unless something happens before; Infinity for never. */
  dueAt(limits: PeerLimits, { silent, closing, keepAlive }: PeerState): number {
    const due = [this.#stuckSince === undefined ? Infinity : this.#stuckSince + limits.drainTimeoutMs];
    if (!closing) {
      if (silent) due.push(this.connectedAt + limits.firstFrameTimeoutMs);
      if (this.#frameSince !== undefined) due.push(this.#frameSince + limits.frameTimeoutMs);
      if (keepAlive) due.push(this.#heardAt + limits.keepAliveMs * (this.#pings + 1));
    }
    return Math.min(...due);
  }

  look(
    now: number,
    limits: PeerLimits,
    { silent, closing, keepAlive }: PeerState,
  ): Overdue | undefined {
    if (this.#stuckSince !== undefined && now - this.#stuckSince > limits.drainTimeoutMs) {
      return { kind: "lost", reason: "slow_consumer" };
    }
    if (closing) return undefined;
    const silence = now - this.#heardAt;
    if (silent && now - this.connectedAt > limits.firstFrameTimeoutMs) {
      return {
        kind: "late",
        message: `No message within ${limits.firstFrameTimeoutMs / 1000} s of connecting`,
      };
    }
    if (this.#frameSince !== undefined && now - this.#frameSince > limits.frameTimeoutMs) {
      return { kind: "late", message: `A message did not end within ${limits.frameTimeoutMs / 1000} s` };
    }
    if (!keepAlive || silence < limits.keepAliveMs * (this.#pings + 1)) return undefined;
    if (this.#pings === MOST_PINGS) return { kind: "lost", reason: "no answer to two pings" };
    return { kind: "ping", number: ++this.#pings };
  }
}
