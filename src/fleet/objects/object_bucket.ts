/**
 * Files of a fleet in a bucket of NATS's object store. Every member may read and replace them there, so that
 * whoever reads one checks its bytes against a hash that comes from elsewhere.
 */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import {
  type ConsumerMessages,
  DeliverPolicy,
  jetstream,
  type JetStreamClient,
  jetstreamManager,
} from "@nats-io/jetstream";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { HaftError } from "../../base/errors.ts";
import type { NatsConnection } from "../connect.ts";
import { addOrUpdate } from "../event_stream.ts";
import { objectBytes, objectStream } from "../subjects.ts";

export interface BucketLimits {
  maxBytes: number;
  maxAgeMs: number;
  /** Servers that keep a copy. */
  replicas: number;
}

/** An object as its bucket has it. Nothing of it is proven. */
export interface StoredObject {
  size: number;
  /** Its bytes, at the reader's pace. */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 128 * 1024;
const ACK_MS = 10_000;
/** Bytes on their way to a reader. */
const AHEAD_BYTES = 2 * 1024 * 1024;
/** A reader gives up when the server says nothing for so long. */
const SILENT_MS = 15_000;
const FORGOTTEN_MS = 60_000;

/** Makes a bucket, or gives it other limits; the fleet's administrator does. A full bucket takes no more. */
export async function createBucket(
  nats: NatsConnection,
  bucket: string,
  { maxBytes, maxAgeMs, replicas }: BucketLimits,
): Promise<void> {
  const manager = await jetstreamManager(nats, { checkAPI: false });
  const config = { max_bytes: maxBytes, max_age: maxAgeMs * 1_000_000, num_replicas: replicas };
  for await (const known of manager.streams.list()) {
    if (known.config.name !== objectStream(bucket)) continue;
    await addOrUpdate(manager, { ...known.config, ...config });
    return;
  }
  await new Objm(jetstream(nats)).create(bucket, {
    max_bytes: maxBytes,
    ttl: maxAgeMs * 1_000_000,
    replicas,
  });
}

export class ObjectBucket {
  readonly #bucket: string;
  readonly #stream: JetStreamClient;
  readonly #store: ObjectStore;

  private constructor(bucket: string, stream: JetStreamClient, store: ObjectStore) {
    this.#bucket = bucket;
    this.#stream = stream;
    this.#store = store;
  }

  /** @throws when the server has no such bucket */
  static async open(nats: NatsConnection, bucket: string): Promise<ObjectBucket> {
    const stream = jetstream(nats, { checkAPI: false });
    return new ObjectBucket(bucket, stream, await new Objm(stream).open(bucket));
  }

  /** @returns undefined when there is none */
  async find(name: string): Promise<StoredObject | undefined> {
    const info = await this.#store.info(name);
    if (info === null || info.deleted || info.options?.link !== undefined) return undefined;
    const { nuid, size } = info;
    return { size, read: (signal) => this.#read({ name, nuid, size }, signal) };
  }

  /**
   * Stores a file's bytes under a name.
   *
   * @param onBytes hears how many bytes are on their way
   * @throws when the bucket is full or the server does not answer
   */
  async putFile(name: string, path: string, onBytes?: (bytes: number) => void): Promise<void> {
    const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    file.on("data", () => onBytes?.(file.bytesRead));
    await this.#put(name, file);
  }

  async putBytes(name: string, bytes: Uint8Array): Promise<void> {
    await this.#put(name, Readable.from([bytes]));
  }

  async #put(name: string, bytes: Readable): Promise<void> {
    await this.#store.put({ name }, Readable.toWeb(bytes), { timeout: ACK_MS });
  }

  async *#read(
    { name, nuid, size }: { name: string; nuid: string; size: number },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const consumer = await this.#stream.consumers.get(objectStream(this.#bucket), {
      filter_subjects: objectBytes(this.#bucket, nuid),
      deliver_policy: DeliverPolicy.All,
      inactive_threshold: FORGOTTEN_MS,
    });
    const messages = await consumer.consume({ max_bytes: AHEAD_BYTES });
    const watch = stopWhenSilent(messages, signal);
    try {
      let come = 0;
      if (size === 0) return;
      for await (const { data } of messages) {
        watch.rest();
        come += data.length;
        if (come > size) throw new HaftError(`The fleet has more of "${name}" than it says`);
        yield data;
        watch.begin();
        if (come === size) return;
      }
      signal.throwIfAborted();
      throw new HaftError(`The fleet's server sent ${come} of ${size} bytes of "${name}"`);
    } finally {
      watch.end();
      await messages.close();
      // The server keeps 1,000 of them for a stream.
      await consumer.delete().catch(() => {});
    }
  }
}

/** Ends the messages at the signal, and when the next one does not come for too long. */
function stopWhenSilent(
  messages: Pick<ConsumerMessages, "stop">,
  signal: AbortSignal,
): { begin(): void; rest(): void; end(): void } {
  const stop = () => messages.stop();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rest = () => clearTimeout(timer);
  const begin = () => {
    rest();
    timer = setTimeout(stop, SILENT_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  begin();
  return {
    begin,
    rest,
    end() {
      rest();
      signal.removeEventListener("abort", stop);
    },
  };
}
