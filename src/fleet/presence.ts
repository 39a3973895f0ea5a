/**
 * Who is there: each host puts a record of itself under its name every five seconds, and the server forgets
 * it after fifteen. A host takes its name by compare-and-set, so that the second of one name is refused.
 */
import { type KV, Kvm } from "@nats-io/kv";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import * as v from "valibot";
import { errorMessage, HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { NatsConnection } from "./connect.ts";
import { hostsBucket } from "./subjects.ts";

export const PRESENCE_EVERY_MS = 5_000;
export const PRESENCE_TTL_MS = 15_000;

/** What a host says of itself. A hint for people and for labels: who may do what is decided by keys alone. */
export const HostRecord = v.object({
  host: v.string(),
  /** The public key of its requests. */
  key: v.string(),
  /** This life of its daemon. */
  boot: v.string(),
  /** The machine and its haft, the same over restarts. */
  instance: v.string(),
  version: v.string(),
  protocol: v.tuple([v.number(), v.number()]),
  platform: v.string(),
  labels: v.record(v.string(), v.string()),
  cores: v.number(),
  /** Of the last minute. */
  load: v.number(),
  memory_bytes: v.number(),
  /** Milliseconds since 1970, by its own clock. */
  started_at: v.number(),
  time: v.number(),
});
export type HostRecord = v.InferOutput<typeof HostRecord>;

/** A host as the server last heard of it. */
export interface SeenHost {
  record: HostRecord;
  /** When the server stored it, in milliseconds since 1970 by the server's clock. */
  seenAt: number;
}

/** Makes the bucket; the fleet's administrator does, once. */
export async function createHostsBucket(
  nats: NatsConnection,
  fleet: string,
  { replicas = 1 }: { replicas?: number } = {},
): Promise<void> {
  await new Kvm(jetstream(nats)).create(hostsBucket(fleet), {
    ttl: PRESENCE_TTL_MS,
    history: 1,
    replicas,
    allow_direct: false,
  });
  // A record that rolls up the others would take every host off the list.
  const manager = await jetstreamManager(nats, { checkAPI: false });
  const stream = `KV_${hostsBucket(fleet)}`;
  const { config } = await manager.streams.info(stream);
  await manager.streams.update(stream, { ...config, allow_rollup_hdrs: false });
}

export class Presence {
  readonly #bucket: KV;
  /** The bucket's number of what this host put last. */
  #revision = 0;

  private constructor(bucket: KV) {
    this.#bucket = bucket;
  }

  /** @throws {HaftError} when the server has no such fleet */
  static async open(nats: NatsConnection, fleet: string): Promise<Presence> {
    try {
      return new Presence(await new Kvm(jetstream(nats)).open(hostsBucket(fleet)));
    } catch (error) {
      throw new HaftError(`The server has no fleet "${fleet}": ${errorMessage(error)}`, {
        next: 'Run "haft fleet up" on the machine of the server, or correct "name" under [fleet]',
        exitCode: ExitCode.remote,
        cause: error,
      });
    }
  }

  /**
   * Puts this host's record.
   *
   * @returns the other host that has the name; undefined when the name is this host's
   */
  async announce(record: HostRecord): Promise<HostRecord | undefined> {
    const bytes = new TextEncoder().encode(JSON.stringify(record));
    if (this.#revision > 0 && await this.#put(record.host, bytes, this.#revision)) return undefined;
    for (let attempt = 0;; attempt++) {
      const entry = await this.#bucket.get(record.host);
      const there = entry?.operation === "PUT" ? parseRecord(entry.json()) : undefined;
      if (there !== undefined && there.instance !== record.instance) return there;
      // A newer life of the same haft has the name.
      if (there !== undefined && there.boot !== record.boot && there.started_at > record.started_at) {
        return there;
      }
      if (
        await this.#put(record.host, bytes, entry?.operation === "PUT" ? entry.revision : 0) || attempt >= 3
      ) return undefined;
    }
  }

  /** Takes the record away: the host leaves in order. */
  async withdraw(host: string): Promise<void> {
    if (this.#revision > 0) await this.#bucket.delete(host, { previousSeq: this.#revision });
    this.#revision = 0;
  }

  /** All that are there, by name. */
  async list(): Promise<SeenHost[]> {
    const seen: SeenHost[] = [];
    for await (const name of await this.#bucket.keys()) {
      const entry = await this.#bucket.get(name);
      const record = entry?.operation === "PUT" ? parseRecord(entry.json()) : undefined;
      // A record under another name than its own would make one host look like another.
      if (record?.host === name && entry !== null) seen.push({ record, seenAt: entry.created.getTime() });
    }
    return seen.sort((a, b) => a.record.host < b.record.host ? -1 : 1);
  }

  /** @param previous the number that the record must have; 0 for none */
  async #put(host: string, bytes: Uint8Array, previous: number): Promise<boolean> {
    try {
      this.#revision = previous === 0
        ? await this.#bucket.create(host, bytes)
        : await this.#bucket.update(host, bytes, previous);
      return true;
    } catch (error) {
      if (!/wrong last sequence/i.test(errorMessage(error))) throw error;
      this.#revision = 0;
      return false;
    }
  }
}

function parseRecord(value: unknown): HostRecord | undefined {
  const parsed = v.safeParse(HostRecord, value);
  return parsed.success ? parsed.output : undefined;
}
