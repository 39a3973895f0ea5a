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
import { Members } from "../members.ts";
import { signerOf, signRecord } from "../signed_record.ts";
import { SIGNATURE_HEADER } from "../signed_request.ts";
import { jobParts, jobsStream, jobSubject, taskSubject } from "../subjects.ts";
import { JobLog } from "./job_log.ts";
import { encode, newFleetTaskId, type QueuedStep, signTask, withoutRun } from "./task_message.ts";
import { TaskProducts } from "./task_products.ts";
import { type FleetTask, TaskSteps } from "./task_steps.ts";

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

  readonly #members: Members;

  private constructor(
    connection: FleetConnection,
    fleet: string,
    { manager, members }: { manager: JetStreamManager; members: Members },
  ) {
    this.#connection = connection;
    this.#fleet = fleet;
    this.#manager = manager;
    this.#members = members;
    this.#stream = jetstream(connection.nats);
    this.#products = new TaskProducts(connection.nats, fleet);
  }

  static async open(connection: FleetConnection, fleet: string): Promise<TaskClient> {
    const [manager, members] = await Promise.all([
      jetstreamManager(connection.nats, { checkAPI: false }),
      Members.open(connection.nats, fleet),
    ]);
    return new TaskClient(connection, fleet, { manager, members });
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
      const signature = signTask(key, subject, text);
      header.set(SIGNATURE_HEADER, signature);
      const step = jobSubject({ fleet: this.#fleet, host }, id, "queued");
      await this.#put(step, encode(queued), signRecord(key, step, encode(queued)));
      // Another member cannot know it before, and so cannot use it up.
      await this.#put(subject, text, { msgID: signature, headers: header });
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
    return (await this.#look(id)).task;
  }

  async #look(id: string): Promise<{ task: FleetTask; seq: number }> {
    const consumer = await this.#consumer(id, { step: "*" });
    try {
      return await this.#read(id, consumer);
    } finally {
      await consumer.delete().catch(() => {});
    }
  }

  /** @returns the task, and where in the stream the last of its steps stands */
  async #read(id: string, consumer: Consumer): Promise<{ task: FleetTask; seq: number }> {
    const { num_pending: count } = await consumer.info();
    if (count === 0) {
      throw new HaftError(`There is no task ${id} in the fleet`, {
        next: "What became of a task is kept for 7 days",
        exitCode: ExitCode.remote,
      });
    }
    const task = new TaskSteps(id);
    let last = 0;
    for await (const message of await consumer.fetch({ max_messages: count, expires: READ_MS })) {
      const { subject, data, seq } = message;
      last = seq;
      const { host, step } = jobParts(subject);
      const signer = signerOf(message);
      if (signer !== undefined && !this.#members.isKeyOf(host, signer)) await this.#members.refresh();
      // What the host that is named did not sign is nothing that happened.
      if (this.#members.isKeyOf(host, signer)) task.add({ host, step, signer, seq, text: data });
    }
    const { result_at: at, ...whole } = task.task;
    if (at === undefined) return { task: whole, seq: last };
    const result = await this.#products.fetchJson(at, AbortSignal.timeout(READ_MS));
    return { task: { ...whole, result }, seq: last };
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
    const jobs = new JobLog({
      address: { fleet: this.#fleet, host },
      key,
      pool: task.pool,
      id,
      members: this.#members,
      stream: this.#stream,
      manager: this.#manager,
    });
    await jobs.cancel();
    // No host has it yet: the first that takes it from the queue finds that it is cancelled.
    if (task.state === "queued") {
      await jobs.withdraw(withoutRun({ reason: "cancelled", error: null, attempt: 0 }));
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
        const { task, seq } = await this.#look(id);
        if (task.ended_at !== null) return task;
        await this.#nextEnd(id, { after: seq, signal });
      } catch (error) {
        if (error instanceof HaftError || this.#connection.nats.isClosed()) throw error;
        // The server is away, or its leader changes.
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
    throw signal.reason;
  }

  /** @param options.after the end stands behind it: what does not count is not looked at twice */
  async #nextEnd(id: string, { after, signal }: { after: number; signal: AbortSignal }): Promise<void> {
    const consumer = await this.#consumer(id, { step: "final", after });
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

  #consumer(id: string, { step, after }: { step: string; after?: number }): Promise<Consumer> {
    return this.#stream.consumers.get(jobsStream(this.#fleet), {
      filter_subjects: jobSubject({ fleet: this.#fleet, host: "*" }, id, step),
      inactive_threshold: FORGOTTEN_MS,
      ...(after === undefined
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 }),
    });
  }
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
