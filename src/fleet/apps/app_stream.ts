/** The stream of apps over hosts: the last of each subject, for as long as there is the fleet. */
import {
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import type { NatsConnection } from "../connect.ts";
import { addOrUpdate } from "../event_stream.ts";
import { appsStream, appSubject } from "../subjects.ts";

export interface AppLimits {
  /** A host that is silent for so long has lost its copies to others. */
  lostMs: number;
  /** Servers that keep a copy. */
  replicas: number;
}

export const APP_LIMITS: AppLimits = { lostMs: 30_000, replicas: 1 };

const LOST = "haft_lost_ms";
/** The longest limit that the fleet ever had: hosts that count on it may be there. */
const LONGEST = "haft_longest_lost_ms";

/** Makes the stream, or gives it other limits; the fleet's administrator does. */
export async function createAppsStream(
  nats: NatsConnection,
  fleet: string,
  { lostMs, replicas }: AppLimits,
): Promise<void> {
  const manager = await jetstreamManager(nats, { checkAPI: false });
  const before = await limitsOf(manager, fleet).catch(() => undefined);
  const longestMs = Math.max(lostMs, before?.longestMs ?? 0);
  await addOrUpdate(manager, {
    name: appsStream(fleet),
    subjects: [appSubject(fleet, { who: "*", kind: "*", id: "*" })],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_msgs_per_subject: 1,
    num_replicas: replicas,
    metadata: { [LOST]: String(lostMs), [LONGEST]: String(longestMs) },
  });
}

/** The fleet's own limits, which all hosts have to agree on. */
export interface LostLimits {
  lostMs: number;
  /** A holder that says that its limit is longer is not believed. */
  longestMs: number;
}

/** @throws when there is no stream */
export async function limitsOf(manager: JetStreamManager, fleet: string): Promise<LostLimits> {
  const { config: { metadata } } = await manager.streams.info(appsStream(fleet));
  const lostMs = Number(metadata?.[LOST] ?? APP_LIMITS.lostMs);
  return { lostMs, longestMs: Math.max(lostMs, Number(metadata?.[LONGEST] ?? lostMs)) };
}
