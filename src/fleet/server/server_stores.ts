/** All that a fleet keeps on its servers: made, and given other limits, by the fleet's administrator. */
import type { NatsConnection } from "../connect.ts";
import { APP_LIMITS, type AppLimits, createAppsStream } from "../apps/app_stream.ts";
import { createEventsStream, EVENT_LIMITS, type StreamLimits } from "../event_stream.ts";
import { type Member, writeMembers } from "../members.ts";
import { createClaimsBucket } from "../mirror/claims.ts";
import { createBucket } from "../objects/object_bucket.ts";
import { createHostsBucket } from "../presence.ts";
import { mirrorBucket, outputsBucket } from "../subjects.ts";
import { createTaskStreams, TASK_LIMITS, type TaskLimits } from "../tasks/task_streams.ts";

export interface StoreLimits {
  /** Who belongs to the fleet. */
  members: readonly Member[];
  /** Servers that keep a copy. */
  replicas: number;
  events?: Partial<StreamLimits> | undefined;
  tasks?: Partial<TaskLimits> | undefined;
  apps?: Partial<AppLimits> | undefined;
  /** Bytes of artifacts, and of what tasks have made. */
  objects?: { mirrorBytes: number; outputBytes: number } | undefined;
}

const GIB = 1024 ** 3;
export const OBJECT_LIMITS: { mirrorBytes: number; outputBytes: number } = {
  mirrorBytes: 4 * GIB,
  outputBytes: 4 * GIB,
};
const DAY_MS = 86_400_000;

export async function createStores(
  nats: NatsConnection,
  fleet: string,
  { members, replicas, events, tasks, apps, objects = OBJECT_LIMITS }: StoreLimits,
): Promise<void> {
  await writeMembers(nats, fleet, { members, replicas });
  await createHostsBucket(nats, fleet, { replicas });
  await createEventsStream(nats, fleet, { ...EVENT_LIMITS, ...events, replicas });
  await createTaskStreams(nats, fleet, { ...TASK_LIMITS, ...tasks, replicas });
  await createAppsStream(nats, fleet, { ...APP_LIMITS, ...apps, replicas });
  await createClaimsBucket(nats, fleet, { replicas });
  const { mirrorBytes, outputBytes } = objects;
  await createBucket(nats, mirrorBucket(fleet), { maxBytes: mirrorBytes, maxAgeMs: DAY_MS, replicas });
  await createBucket(nats, outputsBucket(fleet), { maxBytes: outputBytes, maxAgeMs: 7 * DAY_MS, replicas });
}
