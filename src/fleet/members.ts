/**
 * Which key is which host's. The fleet's administrator alone writes it, when a host is added or removed, so
 * that what a removed host has said counts no more. A server that haft does not look after may have no such
 * list; there, who may publish where is the server's word alone.
 */
import { DeliverPolicy, jetstream, JetStreamApiError, type JsMsg } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import * as v from "valibot";
import type { NatsConnection } from "./connect.ts";
import { membersBucket } from "./subjects.ts";
import { decode } from "./tasks/task_message.ts";

/** A host, or a person's machine, that the server knows. */
export interface Member {
  host: string;
  publicKey: string;
}

const MemberRecord = v.object({
  host: v.string(),
  /** Null for one that was removed. */
  key: v.nullable(v.string()),
  /** Keys that the host had before: what they have signed counts no more. */
  former: v.array(v.string()),
});
type MemberRecord = v.InferOutput<typeof MemberRecord>;

const READ_MS = 5_000;
/** It is not read again before so long. */
const REFRESH_MS = 1_000;

/** Writes who belongs to the fleet, and who does not any more; the fleet's administrator does. */
export async function writeMembers(
  nats: NatsConnection,
  fleet: string,
  { members, replicas = 1 }: { members: readonly Member[]; replicas?: number },
): Promise<void> {
  const bucket = await new Kvm(jetstream(nats)).create(membersBucket(fleet), { history: 1, replicas });
  const wanted = new Map(members.map(({ host, publicKey }) => [host, publicKey]));
  const known: string[] = [];
  for await (const host of await bucket.keys()) known.push(host);
  for (const host of new Set([...known, ...wanted.keys()])) {
    const entry = known.includes(host) ? await bucket.get(host) : null;
    const before = entry === null ? undefined : decode(MemberRecord, entry.value);
    const key = wanted.get(host) ?? null;
    if (before !== undefined && before.key === key) continue;
    const former = [
      ...before?.former ?? [],
      ...before?.key === undefined || before.key === null ? [] : [before.key],
    ];
    await bucket.put(host, JSON.stringify({ host, key, former } satisfies MemberRecord));
  }
}

/** The stream behind the list, and its subjects, for those who follow it. */
export function membersSource(fleet: string): { stream: string; subjects: string[] } {
  const bucket = membersBucket(fleet);
  return { stream: `KV_${bucket}`, subjects: [`$KV.${bucket}.*`] };
}

export class Members {
  readonly #nats: NatsConnection;
  readonly #fleet: string;
  readonly #members = new Map<string, MemberRecord>();
  #isKept = true;
  #readAt = 0;

  private constructor(nats: NatsConnection, fleet: string) {
    this.#nats = nats;
    this.#fleet = fleet;
  }

  static async open(nats: NatsConnection, fleet: string): Promise<Members> {
    const members = new Members(nats, fleet);
    await members.#read();
    return members;
  }

  /** Whether the server keeps such a list. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Whether this is the key of that host. Where no list is kept, every key is. */
  isKeyOf(host: string, key: string | undefined): key is string {
    return key !== undefined && (!this.#isKept || this.#members.get(host)?.key === key);
  }

  /** Whether a host had this key, and has it no more. */
  isFormer(key: string): boolean {
    return [...this.#members.values()].some(({ former }) => former.includes(key));
  }

  /** The host of a key; undefined where that is not known. */
  hostOf(key: string): string | undefined {
    return [...this.#members.values()].find((one) => one.key === key)?.host;
  }

  /** Notes one message of {@link membersSource}. What the administrator did not write changes nothing. */
  take({ subject, data }: JsMsg): void {
    const host = subject.slice(subject.lastIndexOf(".") + 1);
    const record = decode(MemberRecord, data);
    if (record?.host === host) this.#members.set(host, record);
  }

  /** Reads it again, where it was not read just now: somebody may have come. */
  async refresh(): Promise<void> {
    if (performance.now() - this.#readAt >= REFRESH_MS) await this.#read();
  }

  async #read(): Promise<void> {
    const { stream, subjects } = membersSource(this.#fleet);
    try {
      const consumer = await jetstream(this.#nats, { checkAPI: false }).consumers.get(stream, {
        filter_subjects: subjects,
        deliver_policy: DeliverPolicy.LastPerSubject,
      });
      const { num_pending: count } = await consumer.info();
      if (count > 0) {
        for await (const message of await consumer.fetch({ max_messages: count, expires: READ_MS })) {
          this.take(message);
        }
      }
      await consumer.delete().catch(() => {});
      this.#isKept = true;
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#isKept = false;
    }
    this.#readAt = performance.now();
  }
}

const STREAM_NOT_FOUND = 10059;

function isMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND;
}
