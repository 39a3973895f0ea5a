/** Tasks of the queue as their senders have them: put in, followed, waited for. */
import { setTimeout as delay } from "node:timers/promises";
import { headers } from "@nats-io/transport-node";
import {
  type Consumer,
  DeliverPolicy,
  jetstream,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  type JetStreamPublishOptions,
} from "@nats-io/jetstream";
import { errorMessage, HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Params } from "../../protocol/methods/mod.ts";
import type { FleetConnection } from "../connect.ts";
import { SIGNATURE_HEADER } from "../signed_request.ts";
import { jobParts, jobsStream, jobSubject, taskSubject } from "../subjects.ts";
import {
  decode,
  encode,
  FinalStep,
  newFleetTaskId,
  QueuedStep,
  RefusedStep,
  signTask,
  StartedStep,
} from "./task_message.ts";

/** One task of the queue, as far as its steps say. */
export interface FleetTask {
  id: string;
  name: string | null;
  pool: string;
  state: "queued" | "running" | "completed" | "aborted";
  reason: FinalStep["reason"];
  error: string | null;
  exit_code: number | null;
  result: unknown;
  /** The host that runs it, or ran it last. */
  host: string | null;
  /** The task's id on that host. */
  local_id: string | null;
  attempt: number;
  attempts: { host: string; attempt: number; time: number }[];
  refused: { host: string; reason: string }[];
  created_at: number | null;
  ended_at: number | null;
}

const ACK_MS = 5_000;
/** Three servers of which one died have a leader again after some seconds. */
const PUT_MS = 30_000;
/** How long the server is asked for what it has. */
const READ_MS = 5_000;
/** How long it is asked for what is to come. */
const WAIT_MS = 30_000;
const RETRY_MS = 1_000;
const QUEUE_FULL = 10077;

export class TaskClient {
  readonly #connection: FleetConnection;
  readonly #fleet: string;
  readonly #stream: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(connection: FleetConnection, fleet: string, manager: JetStreamManager) {
    this.#connection = connection;
    this.#fleet = fleet;
    this.#manager = manager;
    this.#stream = jetstream(connection.nats);
  }

  static async open(connection: FleetConnection, fleet: string): Promise<TaskClient> {
    return new TaskClient(connection, fleet, await jetstreamManager(connection.nats, { checkAPI: false }));
  }

  /**
   * Puts a task into a pool's queue, signed.
   *
   * @param host this machine
   * @returns its id, when the server has it
   */
  async send(
    { pool, host, request }: { pool: string; host: string; request: Params<"task.start"> },
  ): Promise<string> {
    const { credentials: { key }, nats } = this.#connection;
    const id = newFleetTaskId();
    const subject = taskSubject(this.#fleet, { pool, sender: key.publicKey, id });
    const text = encode({ id, request, created_at: Date.now() });
    const most = nats.info?.max_payload ?? 0;
    if (text.length > most) {
      throw new HaftError(`The task has ${text.length} bytes, and the fleet's server passes on ${most}`);
    }
    const header = headers();
    header.set(SIGNATURE_HEADER, signTask(key, subject, text));
    const queued: QueuedStep = { pool, name: request.name ?? null, time: Date.now() };
    try {
      await this.#put(jobSubject({ fleet: this.#fleet, host }, id, "queued"), encode(queued), {
        msgID: `${id}.queued`,
      });
      await this.#put(subject, text, { msgID: id, headers: header });
    } catch (error) {
      throw explain(error);
    }
    return id;
  }

  /** Tries again while the server has no leader: by its id, it knows what it has already. */
  async #put(
    subject: string,
    text: Uint8Array,
    options: Partial<JetStreamPublishOptions> & { msgID: string },
  ): Promise<void> {
    const until = performance.now() + PUT_MS;
    for (;;) {
      try {
        await this.#stream.publish(subject, text, { ...options, timeout: ACK_MS });
        return;
      } catch (error) {
        if (error instanceof JetStreamApiError || performance.now() > until) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  /** All that is known of a task. @throws {HaftError} when there is none */
  async status(id: string): Promise<FleetTask> {
    const consumer = await this.#consumer(id, "*");
    const { num_pending: count } = await consumer.info();
    if (count === 0) {
      throw new HaftError(`There is no task ${id} in the fleet`, {
        next: "What became of a task is kept for 7 days",
        exitCode: ExitCode.remote,
      });
    }
    const task: FleetTask = { ...NEW_TASK, id, attempts: [], refused: [] };
    for await (const message of await consumer.fetch({ max_messages: count, expires: READ_MS })) {
      addStep(task, jobParts(message.subject), message.data);
    }
    return task;
  }

  /** Waits for a task's end, over breaks of the connection. @throws {HaftError} when there is no such task */
  async wait(id: string, signal: AbortSignal): Promise<FleetTask> {
    while (!signal.aborted) {
      try {
        const now = await this.status(id);
        if (now.ended_at !== null) return now;
        await this.#nextEnd(id, signal);
      } catch (error) {
        if (error instanceof HaftError || this.#connection.nats.isClosed()) throw error;
        // The server is away, or its leader changes.
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
    throw signal.reason;
  }

  async #nextEnd(id: string, signal: AbortSignal): Promise<void> {
    const consumer = await this.#consumer(id, "final");
    const batch = await consumer.fetch({ max_messages: 1, expires: WAIT_MS });
    const stop = () => void batch.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const _ of batch) return;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #consumer(id: string, step: string): Promise<Consumer> {
    return this.#stream.consumers.get(jobsStream(this.#fleet), {
      filter_subjects: jobSubject({ fleet: this.#fleet, host: "*" }, id, step),
      deliver_policy: DeliverPolicy.All,
    });
  }
}

const NEW_TASK: Omit<FleetTask, "id" | "attempts" | "refused"> = {
  name: null,
  pool: "",
  state: "queued",
  reason: null,
  error: null,
  exit_code: null,
  result: null,
  host: null,
  local_id: null,
  attempt: 0,
  created_at: null,
  ended_at: null,
};

/** Steps come in the order in which the server stored them. */
function addStep(task: FleetTask, { host, step }: { host: string; step: string }, text: Uint8Array): void {
  const queued = step === "queued" ? decode(QueuedStep, text) : undefined;
  if (queued !== undefined) Object.assign(task, { ...queued, time: undefined, created_at: queued.time });
  const started = step === "started" ? decode(StartedStep, text) : undefined;
  if (started !== undefined) {
    task.attempts.push({ host, ...started });
    if (task.ended_at === null) Object.assign(task, { state: "running", host, attempt: started.attempt });
  }
  const refused = step === "refused" ? decode(RefusedStep, text) : undefined;
  if (refused !== undefined) task.refused.push({ host, reason: refused.reason });
  const final = step === "final" ? decode(FinalStep, text) : undefined;
  if (final === undefined || task.ended_at !== null) return;
  const { time, ...end } = final;
  Object.assign(task, { ...end, host: end.local_id === null ? task.host : host, ended_at: time });
}

function explain(error: unknown): HaftError {
  const full = error instanceof JetStreamApiError && error.code === QUEUE_FULL;
  return new HaftError(
    full
      ? "The fleet's queue of tasks is full"
      : `The fleet's server did not take the task: ${errorMessage(error)}`,
    {
      next: full
        ? "Wait until hosts have taken some"
        : 'Look whether the server runs; after an update of haft, run "haft fleet up" there once more',
      exitCode: full ? ExitCode.remote : ExitCode.transport,
      cause: error,
    },
  );
}
