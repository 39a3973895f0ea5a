/** The streams of tasks over hosts: the queues, and what became of each task. */
import {
  AckPolicy,
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import type { NatsConnection } from "../connect.ts";
import { addOrUpdate } from "../event_stream.ts";
import { hostPool, jobsStream, jobSubject, poolStream, tasksStream, taskSubject } from "../subjects.ts";

export interface TaskLimits {
  /** A host that does not say for so long that it works on a task has lost it to another. */
  ackWaitMs: number;
  /** Servers that keep a copy. */
  replicas: number;
}

export const TASK_LIMITS: TaskLimits = { ackWaitMs: 30_000, replicas: 1 };

/** More are refused: a full queue is the sender's to know of. */
const MOST_QUEUED = 100_000;
const STEPS_AGE_MS = 7 * 86_400_000;
const STEPS_BYTES = 1024 * 1024 * 1024;
const ACK_WAIT = "haft_ack_wait_ms";

/** Makes the streams, or gives them other limits; the fleet's administrator does. */
export async function createTaskStreams(
  nats: NatsConnection,
  fleet: string,
  { ackWaitMs, replicas }: TaskLimits,
): Promise<void> {
  const manager = await jetstreamManager(nats, { checkAPI: false });
  for (const pool of ["*", hostPool("*")]) {
    await addOrUpdate(manager, {
      name: poolStream(fleet, pool),
      subjects: [taskSubject(fleet, { pool, sender: "*", id: "*" })],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      max_msgs: MOST_QUEUED,
      num_replicas: replicas,
      metadata: { [ACK_WAIT]: String(ackWaitMs) },
    });
  }
  await addOrUpdate(manager, {
    name: jobsStream(fleet),
    subjects: [jobSubject({ fleet, host: "*" }, "*", "*")],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: STEPS_AGE_MS * 1_000_000,
    max_bytes: STEPS_BYTES,
    num_replicas: replicas,
  });
}

/** The queue's own limit, which all hosts have to agree on. @throws when there is no queue */
export async function ackWaitOf(manager: JetStreamManager, fleet: string): Promise<number> {
  const { config } = await manager.streams.info(tasksStream(fleet));
  return Number(config.metadata?.[ACK_WAIT] ?? TASK_LIMITS.ackWaitMs);
}

/** The one consumer of a pool, which its hosts share; whichever comes first makes it. */
export async function openPool(
  manager: JetStreamManager,
  { fleet, pool, ackWaitMs }: { fleet: string; pool: string; ackWaitMs: number },
): Promise<void> {
  await manager.consumers.add(poolStream(fleet, pool), {
    durable_name: pool,
    filter_subject: taskSubject(fleet, { pool, sender: "*", id: "*" }),
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * 1_000_000,
    max_deliver: -1,
    max_ack_pending: -1,
  });
}
