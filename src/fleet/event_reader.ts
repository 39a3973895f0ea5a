/**
 * All hosts' events from the fleet's stream, in its order. The reader takes them at its own pace; what the
 * stream's limits removed before it came to them is announced, as on the socket.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  type Consumer,
  DeliverPolicy,
  jetstream,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  type JsMsg,
} from "@nats-io/jetstream";
import { errorMessage, HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { shortHash } from "../base/short_hash.ts";
import { compileTypeGlobs } from "../hub/event_filter.ts";
import type { Message } from "../protocol/envelope.ts";
import { isMessage } from "../protocol/is_message.ts";
import type { NatsConnection } from "./connect.ts";
import { LABELS_HEADER } from "./event_publisher.ts";
import { eventParts, eventsOf, eventsStream, eventSubject } from "./subjects.ts";

/** A place in the stream: its sequence, and which stream it is, where that is known. */
export interface FleetPosition {
  seq: number;
  epoch: string | undefined;
}

export interface FleetEvent {
  /** Null for what is about the stream itself. */
  host: string | null;
  /** Where to go on after this one. */
  position: FleetPosition;
  event: Message;
}

export interface FollowFilter {
  /** Globs on types; all when empty. */
  types: readonly string[];
  /** All hosts when undefined. */
  hosts: readonly string[] | undefined;
  labels: Readonly<Record<string, string>>;
}

/** Messages that are asked for at once. */
const BATCH = 500;
/** How long the server waits for the first of them; the stream's limits are looked at in between. */
const WAIT_MS = 5_000;
const RETRY_MS = 500;

/** `SEQ` or `SEQ@EPOCH`. @returns undefined for what is neither */
export function parseFleetPosition(text: string): FleetPosition | undefined {
  const match = /^(\d{1,15})(?:@([0-9a-f]{16}))?$/.exec(text);
  return match === null ? undefined : { seq: Number(match[1]), epoch: match[2] };
}

export function formatFleetPosition({ seq, epoch }: FleetPosition): string {
  return epoch === undefined ? String(seq) : `${seq}@${epoch}`;
}

export class EventReader {
  readonly #nats: NatsConnection;
  readonly #fleet: string;
  readonly #filter: FollowFilter;
  readonly #matches: (type: string) => boolean;
  /** Everything up to here was seen, or is not asked for. */
  #seq = 0;
  #epoch: string | undefined;

  /** @throws {RangeError} when a type is not one */
  constructor(nats: NatsConnection, fleet: string, filter: FollowFilter) {
    this.#nats = nats;
    this.#fleet = fleet;
    this.#filter = filter;
    this.#matches = compileTypeGlobs(filter.types);
  }

  /**
   * Events after `since`, or from now on; without end. Breaks of the connection are waited out.
   *
   * @throws {HaftError} when the server keeps no events
   */
  async *follow(since: FleetPosition | undefined, signal: AbortSignal): AsyncGenerator<FleetEvent> {
    const stream = jetstream(this.#nats);
    const manager = await jetstreamManager(this.#nats, { checkAPI: false });
    const { last, epoch } = await this.#begin(manager);
    this.#epoch = epoch;
    this.#seq = since?.seq ?? last;
    const another = since !== undefined && ((since.epoch ?? epoch) !== epoch || since.seq > last);
    if (another) yield this.#reset(last);
    let consumer: Consumer | undefined;
    let worked = false;
    while (!signal.aborted && !this.#nats.isClosed()) {
      try {
        for (const notice of await this.#look(manager, consumer)) {
          consumer = undefined;
          yield notice;
        }
        consumer ??= await this.#consumer(stream);
        const batch = await consumer.fetch({ max_messages: BATCH, expires: WAIT_MS });
        worked = true;
        const stop = () => void batch.close();
        signal.addEventListener("abort", stop, { once: true });
        try {
          for await (const message of batch) {
            const event = this.#take(message);
            if (event !== undefined) yield event;
          }
        } finally {
          signal.removeEventListener("abort", stop);
        }
      } catch (error) {
        if (!worked) throw this.#noEvents(error);
        // Whatever it was, another consumer goes on behind the last event that was seen.
        consumer = undefined;
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #begin(manager: JetStreamManager): Promise<{ last: number; epoch: string }> {
    try {
      const { state, created } = await manager.streams.info(eventsStream(this.#fleet));
      return { last: state.last_seq, epoch: shortHash(created) };
    } catch (error) {
      throw this.#noEvents(error);
    }
  }

  #noEvents(error: unknown): HaftError {
    return new HaftError(`The events of fleet "${this.#fleet}" cannot be read: ${errorMessage(error)}`, {
      next: 'Run "haft fleet up" again on the machine of the server: it makes what is new in this version',
      exitCode: ExitCode.remote,
      cause: error,
    });
  }

  /** What happened to the stream since the last look. */
  async #look(manager: JetStreamManager, consumer: Consumer | undefined): Promise<FleetEvent[]> {
    const { state, created } = await manager.streams.info(eventsStream(this.#fleet));
    const epoch = shortHash(created);
    if (epoch !== this.#epoch || state.last_seq < this.#seq) {
      this.#epoch = epoch;
      return [this.#reset(0)];
    }
    const gone = state.first_seq - 1;
    if (gone > this.#seq) {
      const data = { from: this.#seq + 1, to: gone, dropped: gone - this.#seq };
      this.#seq = gone;
      return [this.#notice({ type: "event", event: "lagged", data })];
    }
    // Events of other types may go; this reader has not missed them.
    if (consumer !== undefined && (await consumer.info()).num_pending === 0) {
      this.#seq = Math.max(this.#seq, state.last_seq);
    }
    return [];
  }

  #reset(seq: number): FleetEvent {
    this.#seq = seq;
    return this.#notice({ type: "event", event: "reset", data: { epoch: this.#epoch, seq } });
  }

  #notice(event: Message): FleetEvent {
    return { host: null, position: { seq: this.#seq, epoch: this.#epoch }, event };
  }

  async #consumer(stream: JetStreamClient): Promise<Consumer> {
    return await stream.consumers.get(eventsStream(this.#fleet), {
      filter_subjects: this.#subjects(),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#seq + 1,
    });
  }

  #take(message: JsMsg): FleetEvent | undefined {
    this.#seq = message.seq;
    const { host, type } = eventParts(message.subject);
    const event = parse(message.string());
    if (event === undefined || !this.#isWanted(host, type, message)) return undefined;
    return { host, position: { seq: this.#seq, epoch: this.#epoch }, event };
  }

  #isWanted(host: string, type: string, { headers }: JsMsg): boolean {
    const { hosts, labels } = this.#filter;
    if (hosts?.includes(host) === false || !(NOTICES.has(type) || this.#matches(type))) return false;
    const wanted = Object.entries(labels);
    if (wanted.length === 0) return true;
    const has = parseObject(headers?.get(LABELS_HEADER) ?? "");
    return wanted.every(([key, value]) => has[key] === value);
  }

  /** What the server picks; the globs pick again, since a subject can say less than they. */
  #subjects(): string[] {
    const { types, hosts = ["*"] } = this.#filter;
    if (types.length === 0) return hosts.map((host) => eventsOf({ fleet: this.#fleet, host }));
    const patterns = withoutCovered([...types.map(subjectPattern), ...NOTICES]);
    return hosts.flatMap((host) => patterns.map((type) => eventSubject({ fleet: this.#fleet, host }, type)));
  }
}

/** Gaps of a host's own stream, and its new beginnings. */
const NOTICES: ReadonlySet<string> = new Set(["lagged", "reset"]);

/** The narrowest subject that has all types of a glob: `app.*` is `app.>`. */
export function subjectPattern(glob: string): string {
  const segments = glob.split(".");
  const star = segments.findIndex((segment) => segment.includes("*"));
  if (star < 0) return glob;
  return [...segments.slice(0, star), ">"].join(".");
}

/** The server refuses patterns that overlap. */
export function withoutCovered(patterns: readonly string[]): string[] {
  const all = [...new Set(patterns)];
  const covers = (wide: string, narrow: string) =>
    wide === ">" || (wide.endsWith(".>") && narrow.startsWith(wide.slice(0, -1)));
  return all.filter((pattern) => !all.some((other) => other !== pattern && covers(other, pattern)));
}

function parse(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMessage(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
