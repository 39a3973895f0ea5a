/**
 * Publishes this host's events to the fleet's stream, one after the other, each when the server has the one
 * before. The hub's ring is the outbox: while the server is away it keeps what it can, and what it had to
 * give up is announced in the stream. The daemon never waits for any of it.
 *
 * Nothing is stored twice: an event has an id that the server knows again, and goes in only behind the one
 * that this host stored last, which the server compares and set.
 */
import { createHmac, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  jetstream,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
} from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { errorMessage } from "../base/errors.ts";
import { compileTypeGlobs } from "../hub/event_filter.ts";
import type { HubEvent } from "../hub/event_ring.ts";
import type { Lagged } from "../hub/cursor.ts";
import type { Hub, StreamPosition } from "../hub/hub.ts";
import { LENGTH_BYTES } from "../socket/framing/framing.ts";
import type { FleetEvents } from "../tools/manifest/fleet_settings.ts";
import { isIn } from "./access.ts";
import type { NatsConnection } from "./connect.ts";
import { eventsOf, eventsStream, eventSubject, type FleetAddress } from "./subjects.ts";

/** Where in its host's ring an event stood: `EPOCH:SEQ`. */
export const POSITION_HEADER = "Haft-Position";
/** The host's labels when it published, as JSON. */
export const LABELS_HEADER = "Haft-Labels";

/** What only those may hear whom the host's user lets listen: what apps and tasks print and say. */
const STAYS: ReadonlySet<string> = new Set([
  "app.log_line",
  "app.log_skipped",
  "install.progress",
  "task.message",
  "task.idle",
]);

/** The events of a daemon, as the fleet needs them. */
export type EventSource = Pick<Hub, "epoch" | "seq" | "cursor" | "onWake">;

export interface EventPublisherOptions {
  address: FleetAddress;
  labels: Readonly<Record<string, string>>;
  settings: FleetEvents;
  source: EventSource;
  /** The first event to publish is the one after this `seq`. */
  since: number;
  log: (line: string) => void;
}

export interface EventFigures {
  /** Stored by the server in this life of the daemon. */
  published: number;
  /** Left out since the ring no longer had them. */
  dropped: number;
  /** Why the last attempt failed; null when all is well. */
  error: string | null;
}

/** Bytes of events that are taken from the ring at once. */
const BATCH_BYTES = 256 * 1024;
const ACK_MS = 5_000;
const RETRY = { first: 500, longest: 10_000 };
/** What the headers of a message may take of the server's limit. */
const HEADER_BYTES = 4_096;
const WRONG_LAST_SEQUENCE = 10071;
/** How long a host that leaves in order publishes what it has. */
const LAST_MS = 2_000;

interface Out {
  stream: JetStreamClient;
  /** Bytes of the longest event that the server takes. */
  most: number;
  /** When to give up, by `performance.now()`. */
  deadline(): number;
}

interface Place {
  /** In the stream, of what this host stored last; 0 for nothing. */
  stored: number;
  /** Whether the stream has something of this life of the daemon. */
  introduced: boolean;
}

export class EventPublisher {
  readonly #options: EventPublisherOptions;
  readonly #epoch: string;
  readonly #secret = randomBytes(32);
  readonly #wanted: (type: string) => boolean;
  /** Stored up to here, included. */
  #seq: number;
  #figures: EventFigures = { published: 0, dropped: 0, error: null };

  constructor(options: EventPublisherOptions) {
    this.#options = options;
    this.#epoch = options.source.epoch;
    this.#seq = options.since;
    this.#wanted = compileTypeGlobs(options.settings.types);
  }

  get figures(): EventFigures {
    return this.#figures;
  }

  /** Publishes until the signal; then what is there already, for a moment. Never fails. */
  async run(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    if (this.#options.settings.types.length === 0) return;
    const bell = new Bell(signal);
    using _ = this.#options.source.onWake({ wake: () => bell.ring() });
    let deadline = Infinity;
    signal.addEventListener("abort", () => deadline = performance.now() + LAST_MS, { once: true });
    for (let wait = RETRY.first;; wait = Math.min(wait * 2, RETRY.longest)) {
      try {
        const manager = await jetstreamManager(nats, { checkAPI: false });
        const place = await this.#place(manager);
        const most = (nats.info?.max_payload ?? 0) - HEADER_BYTES;
        const out = { stream: jetstream(nats), most, deadline: () => deadline };
        for (;;) {
          await this.#publishNew(place, out);
          wait = RETRY.first;
          this.#failed(null);
          if (signal.aborted) return;
          await bell.wait();
        }
      } catch (error) {
        if (signal.aborted || nats.isClosed()) return;
        // Another attempt looks at what the server has, and goes on from there.
        if (!isApiError(error, WRONG_LAST_SEQUENCE)) this.#failed(errorMessage(error));
      }
      await delay(wait + Math.random() * wait, undefined, { signal }).catch(() => {});
    }
  }

  /** What the stream's leader has of this host. What a replica says may be old. */
  async #place(manager: JetStreamManager): Promise<Place> {
    const { address } = this.#options;
    const last = await manager.streams.getMessage(eventsStream(address.fleet), {
      last_by_subj: eventsOf(address),
    });
    const [epoch, seq] = last?.header.get(POSITION_HEADER).split(":") ?? [];
    const same = epoch === this.#epoch;
    if (same) this.#seq = Math.max(this.#seq, Number(seq));
    // A host that is new in the stream leaves nothing out.
    return { stored: last?.seq ?? 0, introduced: same || last === null };
  }

  async #publishNew(place: Place, out: Out): Promise<void> {
    const since = { epoch: this.#epoch, seq: this.#seq };
    if (!place.introduced) {
      await this.#store(
        place,
        { type: "reset", id: "reset", seq: this.#seq, text: notice("reset", since) },
        out,
      );
      place.introduced = true;
    }
    const { cursor } = this.#options.source.cursor({ types: [] }, { since });
    while (cursor.behind) {
      const { lagged, events } = cursor.read(BATCH_BYTES);
      if (lagged !== undefined) await this.#storeGap(place, lagged, out);
      for (const event of events) {
        if (this.#mayLeave(event)) await this.#storeEvent(place, event, out);
        this.#seq = event.seq;
      }
    }
  }

  async #storeEvent(place: Place, { seq, type, frame }: HubEvent, out: Out): Promise<void> {
    const text = frame.subarray(LENGTH_BYTES, -1);
    if (text.length > out.most) {
      // The server would end the connection.
      return await this.#storeGap(place, { from: seq, to: seq, dropped: 1 }, out);
    }
    await this.#store(place, { type, id: String(seq), seq, text }, out);
    this.#figures.published++;
  }

  async #storeGap(place: Place, gap: Lagged, out: Out): Promise<void> {
    const { from, to, dropped } = gap;
    await this.#store(
      place,
      { type: "lagged", id: `${from}-${to}`, seq: to, text: notice("lagged", gap) },
      out,
    );
    this.#figures.dropped += dropped;
    this.#seq = to;
  }

  async #store(
    place: Place,
    { type, id, seq, text }: { type: string; id: string; seq: number; text: Uint8Array },
    { stream, deadline }: Out,
  ): Promise<void> {
    const { address, labels } = this.#options;
    const header = headers();
    header.set(POSITION_HEADER, `${this.#epoch}:${seq}`);
    header.set(LABELS_HEADER, JSON.stringify(labels));
    const { seq: stored } = await stream.publish(eventSubject(address, type), text, {
      // Another member must not know it before, and use it up.
      msgID: createHmac("sha256", this.#secret).update(`${this.#epoch}.${id}`).digest("base64url"),
      headers: header,
      timeout: Math.max(1, Math.min(ACK_MS, deadline() - performance.now())),
      expect: { lastSubjectSequence: place.stored, lastSubjectSequenceSubject: eventsOf(address) },
    });
    place.stored = stored;
  }

  #mayLeave({ type, frame }: HubEvent): boolean {
    if (STAYS.has(type) || !this.#wanted(type)) return false;
    const { projects } = this.#options.settings;
    if (projects.includes("*")) return true;
    const { data } = JSON.parse(frame.subarray(LENGTH_BYTES, -1).toString());
    return typeof data === "object" && data !== null && "root" in data && typeof data.root === "string" &&
      isIn(data.root, projects);
  }

  #failed(error: string | null): void {
    if (error !== null && this.#figures.error === null) {
      this.#options.log(`fleet: events wait in memory: ${error}`);
    }
    this.#figures.error = error;
  }
}

/** What stands outside a host's stream, as the socket has it. */
function notice(event: "lagged" | "reset", data: Lagged | StreamPosition): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ type: "event", event, data }));
}

function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

/** Rings for one that waits, or will wait. */
class Bell {
  readonly #signal: AbortSignal;
  #rang = false;
  #resolve: () => void = () => {};

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.ring(), { once: true });
  }

  ring(): void {
    this.#rang = true;
    this.#resolve();
  }

  async wait(): Promise<void> {
    if (!this.#rang && !this.#signal.aborted) await new Promise<void>((resolve) => this.#resolve = resolve);
    this.#rang = false;
  }
}
