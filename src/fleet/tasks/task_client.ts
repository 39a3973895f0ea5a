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
import { JobLog } from "./job_log.ts";
import {
  decode,
  encode,
  FinalStep,
  newFleetTaskId,
  QueuedStep,
  RefusedStep,
  RunsStep,
  signTask,
  StartedStep,
  withoutRun,
} from "./task_message.ts";
import { type ObjectReference, type StoredOutputs, TaskProducts } from "./task_products.ts";

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
  /** The files that it has made, in the fleet's object store. */
  outputs: StoredOutputs | null;
  outputs_error: string | null;
  /** The key that sent it; null where that is not known. */
  sender: string | null;
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
/** The server keeps 1,000 consumers of a stream, and forgets those of a killed command after that. */
const FORGOTTEN_MS = 60_000;
/** What the headers of a message may take of the server's limit. */
const HEADER_BYTES = 4_096;
const QUEUE_FULL = 10077;

export class TaskClient {
  readonly #connection: FleetConnection;
  readonly #fleet: string;
  readonly #stream: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #products: TaskProducts;

  private constructor(connection: FleetConnection, fleet: string, manager: JetStreamManager) {
    this.#connection = connection;
    this.#fleet = fleet;
    this.#manager = manager;
    this.#stream = jetstream(connection.nats);
    this.#products = new TaskProducts(connection.nats, fleet);
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
    const queued: QueuedStep = {
      pool,
      name: request.name ?? null,
      sender: key.publicKey,
      time: Date.now(),
    };
    try {
      let text = encode({ id, request, created_at: Date.now() });
      if (text.length > (nats.info?.max_payload ?? 0) - HEADER_BYTES) {
        const request_at = await this.#products.storeJson(`${id}.request`, request);
        text = encode({ id, request_at, created_at: Date.now() });
      }
      const header = headers();
      header.set(SIGNATURE_HEADER, signTask(key, subject, text));
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
    try {
      return await this.#read(id, consumer);
    } finally {
      await consumer.delete().catch(() => {});
    }
  }

  async #read(id: string, consumer: Consumer): Promise<FleetTask> {
    const { num_pending: count } = await consumer.info();
    if (count === 0) {
      throw new HaftError(`There is no task ${id} in the fleet`, {
        next: "What became of a task is kept for 7 days",
        exitCode: ExitCode.remote,
      });
    }
    const task: Steps = { ...NEW_TASK, id, attempts: [], refused: [] };
    for await (const message of await consumer.fetch({ max_messages: count, expires: READ_MS })) {
      addStep(task, jobParts(message.subject), message.data);
    }
    const { result_at: at, ...whole } = task;
    if (at === undefined) return whole;
    return { ...whole, result: await this.#products.fetchJson(at, AbortSignal.timeout(READ_MS)) };
  }

  /**
   * Ends a task that this machine's key has sent: hosts that have it stop it.
   *
   * @param host this machine
   * @returns how it ended; a task that is over stays as it is
   */
  async cancel(id: string, { host, signal }: { host: string; signal: AbortSignal }): Promise<FleetTask> {
    const { key } = this.#connection.credentials;
    const task = await this.status(id);
    if (task.ended_at !== null) return task;
    if (task.sender !== key.publicKey) {
      throw new HaftError(`Task ${id} was sent by another key, and its sender alone can cancel it`, {
        next: task.host === null || task.local_id === null
          ? "Ask its sender"
          : `With a grant of that host: haft --host ${task.host} task cancel ${task.local_id}`,
        exitCode: ExitCode.remote,
      });
    }
    const jobs = new JobLog({ fleet: this.#fleet, host }, { stream: this.#stream, manager: this.#manager });
    await jobs.cancel(id, key);
    // No host has it yet: the first that takes it from the queue finds its end.
    if (task.state === "queued") {
      await jobs.end(id, withoutRun({ reason: "cancelled", error: null, attempt: 0 }));
    }
    return await this.wait(id, signal);
  }

  /** Brings the files that a completed task has made. @returns how many */
  async fetchOutputs(task: FleetTask, directory: string, signal: AbortSignal): Promise<number> {
    if (task.outputs !== null) {
      await this.#products.fetchFiles(task.outputs, directory, signal);
      return task.outputs.files;
    }
    throw new HaftError(
      task.outputs_error === null
        ? `Task ${task.id} has made no files that it declares`
        : `The outputs of task ${task.id} were not kept: ${task.outputs_error}`,
      {
        next: task.outputs_error === null
          ? `Declare them: outputs = ["dist"] under [tasks.${task.name ?? "NAME"}] of the host's haft.toml`
          : "Correct that, and run the task again",
        exitCode: ExitCode.remote,
      },
    );
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
      await consumer.delete().catch(() => {});
    }
  }

  #consumer(id: string, step: string): Promise<Consumer> {
    return this.#stream.consumers.get(jobsStream(this.#fleet), {
      filter_subjects: jobSubject({ fleet: this.#fleet, host: "*" }, id, step),
      deliver_policy: DeliverPolicy.All,
      inactive_threshold: FORGOTTEN_MS,
    });
  }
}

/** While its steps are read. */
interface Steps extends FleetTask {
  result_at?: ObjectReference | undefined;
}

const NEW_TASK: Omit<FleetTask, "id" | "attempts" | "refused"> = {
  name: null,
  pool: "",
  state: "queued",
  reason: null,
  error: null,
  exit_code: null,
  result: null,
  outputs: null,
  outputs_error: null,
  sender: null,
  host: null,
  local_id: null,
  attempt: 0,
  created_at: null,
  ended_at: null,
};

/** Steps come in the order in which the server stored them. */
function addStep(task: Steps, { host, step }: { host: string; step: string }, text: Uint8Array): void {
  const queued = step === "queued" ? decode(QueuedStep, text) : undefined;
  if (queued !== undefined) Object.assign(task, { ...queued, time: undefined, created_at: queued.time });
  const started = step === "started" ? decode(StartedStep, text) : undefined;
  if (started !== undefined) {
    task.attempts.push({ host, ...started });
    if (task.ended_at === null) {
      Object.assign(task, { state: "running", host, attempt: started.attempt, local_id: null });
    }
  }
  const runs = step === "runs" ? decode(RunsStep, text) : undefined;
  if (runs !== undefined && runs.attempt === task.attempt && host === task.host && task.ended_at === null) {
    task.local_id = runs.local_id;
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
