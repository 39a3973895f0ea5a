/**
 * The right of one host at a time to do something: to run a copy, or to be the controller. The holder renews
 * it and counts on it for half of the limit after the renewal that it asked for last; others take it after
 * they have seen it unchanged for the whole limit. Each counts on its own monotonic clock, so no clock has to
 * agree with another. Between both lies the time in which the holder stops what it did.
 */
import type { LeaseRecord } from "./app_message.ts";
import { elapsedMs, type Instant, instant } from "./elapsed.ts";
import { ILLEGIBLE, type LeaseEntry, type LeaseStore } from "./lease_log.ts";

export interface LeaseOptions {
  kind: "lead" | "lease";
  id: string;
  /** The machine and its haft, the same over restarts. */
  instance: string;
  limitMs: number;
  /** The longest that the fleet ever had: a holder that says a longer one is not believed. */
  longestMs: number;
  /** Taken before, by an earlier life of this host's daemon. */
  known?: Held | undefined;
}

/** What a holder knows of its lease. */
export interface Held {
  seq: number;
  term: number;
  /** When the last renewal that was confirmed had been asked for. */
  since: Instant;
}

/** Of the limit: when a holder that is not confirmed gives up, and how often it renews. */
export const GIVE_UP = 1 / 2;
export const RENEW = 1 / 8;
/** Of the limit: after so long, what does not stop is killed. It begins when the holder gives up. */
export const KILL = 1 / 8;

export class Lease {
  readonly #options: LeaseOptions;
  #held: Held | undefined;
  /** The entry that was seen last, and since when it is the same. */
  #seen: { seq: number; since: Instant } | undefined;
  /** The highest that was seen. */
  #term = 0;
  #renewing = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#held = options.known;
  }

  get held(): Held | undefined {
    return this.#held;
  }

  /** Whether this host may still count on it. */
  get isSure(): boolean {
    return this.#held !== undefined && elapsedMs(this.#held.since) < this.#options.limitMs * GIVE_UP;
  }

  /** Whether it is time to renew it. */
  get isDue(): boolean {
    return this.#held !== undefined && elapsedMs(this.#held.since) >= this.#options.limitMs * RENEW;
  }

  /** Notes the entry that a follower saw, and since when; {@link take} finds out whether it is the last. */
  observe({ seq, since, term = 0 }: { seq: number; since: Instant; term?: number }): void {
    this.#term = Math.max(this.#term, term);
    if (this.#seen?.seq !== seq) this.#seen = { seq, since };
  }

  /** Whether nothing was heard of it for its limit. @param limitMs of its holder */
  isSilent(limitMs: number): boolean {
    return this.#seen !== undefined &&
      elapsedMs(this.#seen.since) >= believedMs(limitMs, this.#options);
  }

  /**
   * Takes it when it is free, silent for its limit, or this host's own already.
   *
   * @returns the host that has it; undefined when it is this host's now
   */
  async take(log: LeaseStore): Promise<string | undefined> {
    const { kind, id } = this.#options;
    const entry = await log.read(kind, id);
    if (entry !== undefined) {
      this.observe({ seq: entry.seq, since: instant(), term: entry.record.term });
      if (!this.#isOwn(entry, log) && !entry.record.free && !this.isSilent(entry.record.limit_ms)) {
        return entry.host;
      }
    }
    const term = entry !== undefined && this.#isOwn(entry, log) ? entry.record.term : this.#term + 1;
    return await this.#write(log, { after: entry?.seq ?? 0, term })
      ? undefined
      : entry?.host ?? "another host";
  }

  /** Renews it. @returns false when another host has it; throws when that is not known */
  async renew(log: LeaseStore): Promise<boolean> {
    const held = this.#held;
    if (held === undefined || this.#renewing) return held !== undefined;
    this.#renewing = true;
    try {
      if (await this.#write(log, { after: held.seq, term: held.term })) return true;
      // A renewal whose confirmation was lost may have come all the same.
      const entry = await log.read(this.#options.kind, this.#options.id);
      // What is no host's record was written over this one, and takes nothing away.
      const isStillOwn = entry !== undefined &&
        (entry.record === ILLEGIBLE || (this.#isOwn(entry, log) && entry.record.term === held.term));
      if (isStillOwn && await this.#write(log, { after: entry.seq, term: held.term })) return true;
      this.#held = undefined;
      return false;
    } finally {
      this.#renewing = false;
    }
  }

  /** Gives it back, so that others need not wait. */
  async release(log: LeaseStore): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    const record = this.#record(held.term, { free: true });
    await log.write(this.#options.kind, this.#options.id, record, {
      after: held.seq,
      timeoutMs: this.#timeoutMs,
    });
  }

  /** It is not counted on any more. */
  drop(): void {
    this.#held = undefined;
  }

  #isOwn({ host, record }: LeaseEntry, log: LeaseStore): boolean {
    return host === log.host && record.instance === this.#options.instance && !record.free;
  }

  async #write(log: LeaseStore, { after, term }: { after: number; term: number }): Promise<boolean> {
    const { kind, id } = this.#options;
    const since = instant();
    const seq = await log.write(kind, id, this.#record(term, { free: false }), {
      after,
      timeoutMs: this.#timeoutMs,
    });
    if (seq === undefined) return false;
    this.#held = { seq, term, since };
    this.#seen = undefined;
    return true;
  }

  get #timeoutMs(): number {
    return Math.max(250, this.#options.limitMs * RENEW * 2);
  }

  #record(term: number, { free }: { free: boolean }): LeaseRecord {
    const { instance, limitMs } = this.#options;
    return { instance, term, limit_ms: limitMs, free };
  }
}

/** For how long a holder may be silent that says so of itself. */
export function believedMs(
  own: number,
  { limitMs, longestMs }: { limitMs: number; longestMs: number },
): number {
  return Math.max(limitMs, Math.min(own, longestMs));
}
