/** The stream that keeps every host's events for the fleet: by age and bytes, the oldest go first. */
import { DiscardPolicy, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
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
  const name = eventsStream(fleet);
  const limits = {
    subjects: [eventsOf({ fleet, host: "*" })],
    max_age: nanoseconds(maxAgeMs),
    max_bytes: maxBytes,
    discard: DiscardPolicy.Old,
    num_replicas: replicas,
    duplicate_window: nanoseconds(Math.min(DUPLICATES_MS, maxAgeMs)),
    allow_direct: true,
  };
  if (await exists(manager, name)) await manager.streams.update(name, limits);
  else {
    await manager.streams.add({
      name,
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      ...limits,
    });
  }
}

async function exists(
  manager: Awaited<ReturnType<typeof jetstreamManager>>,
  stream: string,
): Promise<boolean> {
  for await (const { config } of manager.streams.list()) if (config.name === stream) return true;
  return false;
}

function nanoseconds(ms: number): number {
  return ms * 1_000_000;
}
