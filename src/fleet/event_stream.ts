/** The stream that keeps every host's events for the fleet: by age and bytes, the oldest go first. */
import {
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import type { NatsConnection } from "./connect.ts";
import { eventsOf, eventsStream } from "./subjects.ts";

export interface StreamLimits {
  maxAgeMs: number;
  maxBytes: number;
  /** Servers that keep a copy. */
  replicas: number;
}

export const EVENT_LIMITS: StreamLimits = {
  maxAgeMs: 7 * 86_400_000,
  maxBytes: 1024 * 1024 * 1024,
  replicas: 1,
};

/** How long the server knows an event's id again. */
const DUPLICATES_MS = 120_000;

/** Makes the stream, or gives it other limits; the fleet's administrator does. */
export async function createEventsStream(
  nats: NatsConnection,
  fleet: string,
  { maxAgeMs, maxBytes, replicas }: StreamLimits,
): Promise<void> {
  const manager = await jetstreamManager(nats, { checkAPI: false });
  await addOrUpdate(manager, {
    name: eventsStream(fleet),
    subjects: [eventsOf({ fleet, host: "*" })],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanoseconds(maxAgeMs),
    max_bytes: maxBytes,
    num_replicas: replicas,
    duplicate_window: nanoseconds(Math.min(DUPLICATES_MS, maxAgeMs)),
  });
}

type NewStream = Parameters<JetStreamManager["streams"]["add"]>[0];

/** Makes a stream; one that is there keeps its kind, and gets the limits. */
export async function addOrUpdate(manager: JetStreamManager, config: NewStream): Promise<void> {
  for await (const known of manager.streams.list()) {
    if (known.config.name !== config.name) continue;
    const { retention: _, storage: __, ...limits } = config;
    await manager.streams.update(config.name, limits);
    return;
  }
  await manager.streams.add(config);
}

function nanoseconds(ms: number): number {
  return ms * 1_000_000;
}
