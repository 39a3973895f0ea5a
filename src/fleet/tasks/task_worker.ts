/**
 * Takes tasks for this host from the queue, as many at a time as it has cores, and runs each by its own
 * daemon, like any task. The queue gives a task to one host at a time; a host that does not say for long
 * enough that it works on it has lost it to another, and stops it before that can happen.
 */
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type Consumer, jetstream, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { errorMessage } from "../../base/errors.ts";
import type { FleetSettings } from "../../tools/manifest/fleet_settings.ts";
import { poolStream, taskPlace } from "../subjects.ts";
import type { FleetConnection, NatsConnection } from "../connect.ts";
import { Members } from "../members.ts";
import type { UserKey } from "../nkey.ts";
import type { Presence } from "../presence.ts";
import { JobLog } from "./job_log.ts";
import { poolsOf } from "./pools.ts";
import { ackWaitOf, openPool } from "./task_streams.ts";
import { TaskProducts } from "./task_products.ts";
import { TaskAttempt, type TaskAttemptDeps } from "./task_attempt.ts";

export interface TaskWorkerOptions extends Pick<TaskAttemptDeps, "daemon" | "facts" | "leftovers" | "env"> {
  settings: FleetSettings;
  log: (line: string) => void;
}

interface Place {
  nats: NatsConnection;
  /** This host's own. */
  key: UserKey;
  presence: Presence;
  /** This host leaves, or has lost its name. */
  signal: AbortSignal;
}

/** How long the server holds a question for work. */
const WAIT_MS = 30_000;
const RETRY_MS = 2_000;

export class TaskWorker {
  readonly #options: TaskWorkerOptions;
  readonly #places = availableParallelism();
  readonly #running = new Set<Promise<void>>();

  constructor(options: TaskWorkerOptions) {
    this.#options = options;
  }

  /** How many tasks of the queue run here. */
  get running(): number {
    return this.#running.size;
  }

  /** Works until the signal; what runs then is stopped, and given back. Never fails. */
  async run(
    { nats, credentials: { key } }: FleetConnection,
    presence: Presence,
    signal: AbortSignal,
  ): Promise<void> {
    // One that grants nothing takes its own user's tasks, and says of the others that it refuses them.
    const { host, labels } = this.#options.settings;
    const place = { nats, key, presence, signal };
    await Promise.all(poolsOf({ host, labels }).map((pool) => this.#stay(pool, place)));
    await Promise.all(this.#running);
  }

  /** Serves a pool over breaks of the connection and changes of its leader. */
  async #stay(pool: string, place: Place): Promise<void> {
    const { settings: { name }, leftovers, log } = this.#options;
    const { nats, signal } = place;
    let told = false;
    while (!signal.aborted && !nats.isClosed()) {
      try {
        const manager = await jetstreamManager(nats, { checkAPI: false });
        const ackWaitMs = await ackWaitOf(manager, name);
        await leftovers.stop();
        await this.#serve(pool, { ...place, manager, ackWaitMs });
      } catch (error) {
        if (signal.aborted) return;
        if (!told) log(`fleet: no tasks from pool "${pool}" for now: ${errorMessage(error)}`);
        told = true;
        await delay(RETRY_MS + Math.random() * RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #serve(
    pool: string,
    { nats, key, presence, manager, ackWaitMs, signal }:
      & Place
      & { manager: JetStreamManager; ackWaitMs: number },
  ): Promise<void> {
    const { settings, daemon, facts, leftovers, env, log } = this.#options;
    const { name: fleet, host, allow } = settings;
    const stream = jetstream(nats);
    const members = await Members.open(nats, fleet);
    const products = new TaskProducts(nats, fleet);
    await openPool(manager, { fleet, pool, ackWaitMs });
    const consumer = await stream.consumers.get(poolStream(fleet, pool), pool);
    while (!signal.aborted && !nats.isClosed()) {
      while (this.#running.size >= this.#places) await Promise.race(this.#running);
      const message = await nextOf(consumer, signal);
      if (message === undefined) continue;
      if (signal.aborted || this.#running.size >= this.#places) {
        message.nak();
        continue;
      }
      const { id } = taskPlace(message.subject);
      const jobs = new JobLog({ address: { fleet, host }, key, pool, id, members, stream, manager });
      const attempt = new TaskAttempt({
        message,
        fleet,
        pool,
        ...{
          nats,
          presence,
          jobs,
          products,
          ackWaitMs,
          signal,
          daemon,
          facts,
          key,
          leftovers,
          env,
          allow,
          log,
        },
      });
      const running: Promise<void> = attempt.run().catch((error) => {
        log(`fleet: a task of pool "${pool}" is given back: ${errorMessage(error)}`);
        message.nak(RETRY_MS);
      }).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }
}

/** The next message; undefined when there is none for a while, or the server is away. */
async function nextOf(consumer: Consumer, signal: AbortSignal) {
  const batch = await consumer.fetch({ max_messages: 1, expires: WAIT_MS });
  const stop = () => void batch.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const message of batch) return message;
    return undefined;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
