/** One task of the queue on this host, from its message to its end. */
import { setTimeout as delay } from "node:timers/promises";
import type { JsMsg } from "@nats-io/jetstream";
import * as v from "valibot";
import { errorMessage, HaftError } from "../../base/errors.ts";
import { callerEnvironment } from "../../base/caller_environment.ts";
import type { Env } from "../../base/env.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import type { FleetGrant } from "../../tools/manifest/fleet_settings.ts";
import { type AccessFacts, atHome, authorize } from "../access.ts";
import type { NatsConnection } from "../connect.ts";
import type { UserKey } from "../nkey.ts";
import type { Presence } from "../presence.ts";
import { SIGNATURE_HEADER } from "../signed_request.ts";
import { taskPlace } from "../subjects.ts";
import { untilCancelled } from "./cancel_watch.ts";
import type { JobLog } from "./job_log.ts";
import type { Leftovers } from "./leftovers.ts";
import { poolsOf } from "./pools.ts";
import {
  decode,
  encode,
  finalOf,
  type FinalStep,
  isCancelOf,
  isSignedTask,
  QueuedTask,
  TaskRequest,
  withoutRun,
} from "./task_message.ts";
import type { TaskProducts } from "./task_products.ts";

export interface TaskAttemptDeps {
  message: JsMsg;
  fleet: string;
  pool: string;
  nats: NatsConnection;
  presence: Presence;
  jobs: JobLog;
  products: TaskProducts;
  ackWaitMs: number;
  /** This host leaves. */
  signal: AbortSignal;
  /** This host's own client of its daemon. */
  daemon: () => Promise<DaemonClient>;
  facts: AccessFacts;
  /** This host's own: what it signs is its user's own. */
  key: UserKey;
  leftovers: Leftovers;
  /** The daemon's environment. */
  env: Env;
  allow: Readonly<Record<string, FleetGrant>>;
  log: (line: string) => void;
}

/** Hosts that a task may take with it. */
const MOST_ATTEMPTS = 5;
/** How long a task that this host does not take stays out of its reach. */
const REFUSED_MS = 1_000;
/** A signed task is not carried out after that; clocks may be off by far less. */
const OLDEST_MS = 7 * 86_400_000;
/** Of the time after which the queue gives a task away: the host says that it works, and when it gives up. */
const HEARTBEAT = 1 / 4;
const GIVE_UP = 3 / 4;
const RETRY_MS = 1_000;
/** What the headers of a message may take of the server's limit. */
const HEADER_BYTES = 4_096;
const PROGRESS = "+WPI";

export class TaskAttempt {
  readonly #deps: TaskAttemptDeps;
  readonly #id: string;
  readonly #sender: string;
  /** When the queue last heard of this host's work, by `performance.now()`. */
  #heard = performance.now();

  constructor(deps: TaskAttemptDeps) {
    this.#deps = deps;
    const { id, sender } = taskPlace(deps.message.subject);
    this.#id = id;
    this.#sender = sender;
  }

  async run(): Promise<void> {
    const { message, jobs, facts, log } = this.#deps;
    const { subject, data: text, headers } = message;
    if (!isSignedTask({ subject, text, signature: headers?.get(SIGNATURE_HEADER) ?? "" })) {
      log(`fleet: refused: a task that its sender did not sign for this queue (${subject})`);
      return message.term();
    }
    const task = decode(QueuedTask, text);
    // It came again since its end was said and the queue did not hear of that.
    if (await jobs.final() !== undefined) return await this.#done();
    const { said: before, seq: after } = await jobs.started();
    const attempt = (before?.step.attempt ?? 0) + 1;
    const wish = await jobs.cancelWish();
    if (wish !== undefined && isCancelOf(this.#sender, wish)) {
      return await this.#end(withoutRun({ reason: "cancelled", error: null, attempt: attempt - 1 }));
    }
    if (task === undefined || task.id !== this.#id) {
      return await this.#refuse("It is not one that this version of haft understands", attempt - 1);
    }
    if (Date.now() - task.created_at > OLDEST_MS) {
      const error = "It waited for over 7 days, and is not carried out any more";
      return await this.#end(withoutRun({ reason: "lost", error, attempt: attempt - 1 }));
    }
    if (attempt > MOST_ATTEMPTS) {
      const error = `Each of ${MOST_ATTEMPTS} hosts was lost while it ran`;
      return await this.#end(withoutRun({ reason: "lost", error, attempt: attempt - 1 }));
    }
    const asSent = await this.#requestOf(task);
    if (asSent === undefined) return await this.#refuse("What it asks for cannot be read", attempt - 1);
    const request = atHome(asSent, facts.home);
    // What this host could not start before, it does not begin again.
    const denied = (await jobs.refusal(facts.host))?.step.reason ?? await this.#denial(request);
    if (denied !== undefined) return await this.#refuse(denied, attempt - 1);
    const step = { attempt, time: Date.now() };
    if (!await jobs.start(step, after)) return message.nak(REFUSED_MS);
    await this.#carryOut(request, attempt);
  }

  /** @returns undefined when it is gone from the store, or no request */
  async #requestOf({ request, request_at }: QueuedTask): Promise<TaskRequest | undefined> {
    const { products, signal } = this.#deps;
    if (request_at === undefined) return request;
    try {
      const parsed = v.safeParse(TaskRequest, await products.fetchJson(request_at, signal));
      return parsed.success ? parsed.output : undefined;
    } catch (error) {
      if (error instanceof HaftError) return undefined;
      throw error;
    }
  }

  /** Why this host's user does not let the sender start it; undefined when it may. */
  async #denial(request: TaskRequest): Promise<string | undefined> {
    const { allow, facts, key } = this.#deps;
    if (this.#sender === key.publicKey) return undefined;
    const grant = Object.hasOwn(allow, this.#sender) ? allow[this.#sender] : undefined;
    if (grant === undefined) return `Host "${facts.host}" allows nothing to the key ${this.#sender}`;
    try {
      await authorize({ method: "task.start", data: request }, grant, facts);
      return undefined;
    } catch (error) {
      return errorMessage(error);
    }
  }

  async #carryOut(request: TaskRequest, attempt: number): Promise<void> {
    const { daemon, leftovers, env, jobs, signal, log } = this.#deps;
    const client = await daemon();
    let info: TaskInfo;
    try {
      info = await client.request("task.start", {
        ...request,
        env: {
          ...callerEnvironment(env),
          ...request.env,
          HAFT_FLEET_TASK: this.#id,
          HAFT_FLEET_ATTEMPT: String(attempt),
        },
      });
    } catch (error) {
      return await this.#refuse(errorMessage(error), attempt);
    }
    leftovers.add(info.id);
    const lost = new AbortController();
    const beating = this.#beat(lost);
    try {
      // Only its log is not found without that.
      void jobs.runs({ attempt, local_id: info.id, time: Date.now() }).catch((error) =>
        log(`fleet: task ${this.#id}: ${errorMessage(error)}`)
      );
      const given = AbortSignal.any([signal, lost.signal]);
      const over = await this.#untilOver(client, info.id, given);
      if (over !== undefined) {
        await this.#end(await this.#withProducts(client, finalOf(over, attempt), given));
      }
    } finally {
      lost.abort();
      await beating;
      leftovers.remove(info.id);
    }
  }

  /**
   * @param given this host leaves, or the queue does not hear it
   * @returns undefined when this host has to leave the task to others; nothing of it runs here then
   */
  async #untilOver(client: DaemonClient, id: string, given: AbortSignal): Promise<TaskInfo | undefined> {
    const { message, signal, jobs, nats, fleet, ackWaitMs } = this.#deps;
    const over = new AbortController();
    const cancelled = new AbortController();
    void untilCancelled({
      ...{ nats, jobs, fleet, id: this.#id, sender: this.#sender },
      everyMs: ackWaitMs * HEARTBEAT,
      signal: AbortSignal.any([given, over.signal]),
    }).then((isCancelled) => isCancelled ? cancelled.abort() : undefined);
    const stop = AbortSignal.any([given, cancelled.signal]);
    try {
      const { tasks: [ended] } = await client.request("task.wait", { ids: [id] }, { signal: stop });
      return ended;
    } catch (error) {
      if (!stop.aborted) throw error;
      const ended = await client.request("task.cancel", { id });
      // It may have ended by itself just before.
      if (cancelled.signal.aborted || ended.reason !== "cancelled") return ended;
      if (signal.aborted) message.nak();
      return undefined;
    } finally {
      over.abort();
    }
  }

  /** Stores the files that a completed task declares, and a result that is too large for a message. */
  async #withProducts(client: DaemonClient, final: FinalStep, signal: AbortSignal): Promise<FinalStep> {
    const { products, nats } = this.#deps;
    const name = `${this.#id}.${final.attempt}`;
    let whole = final;
    const id = final.local_id;
    if (final.state === "completed" && id !== null) {
      try {
        const [{ task: { result } }, made] = await Promise.all([
          client.request("task.status", { id }),
          client.request("task.outputs", { id }),
        ]);
        // An answer about several tasks leaves out a large one.
        whole = { ...whole, result: result ?? null };
        if (made.files.length > 0) {
          whole = { ...whole, outputs: await products.storeFiles(name, made, signal) };
        }
      } catch (error) {
        whole = { ...whole, outputs_error: errorMessage(error) };
      }
    }
    if (encode(whole).length <= (nats.info?.max_payload ?? 0) - HEADER_BYTES) return whole;
    try {
      return { ...whole, result: null, result_at: await products.storeJson(`${name}.result`, whole.result) };
    } catch (error) {
      return { ...whole, result: null, error: `Its result is lost: ${errorMessage(error)}` };
    }
  }

  /** Says that this host works on it, until `lost`; aborts that when the queue does not hear of it. */
  async #beat(lost: AbortController): Promise<void> {
    const { nats, message, ackWaitMs, log } = this.#deps;
    const reply = "reply" in message && typeof message.reply === "string" ? message.reply : "";
    while (!lost.signal.aborted) {
      await delay(ackWaitMs * HEARTBEAT, undefined, { signal: lost.signal }).catch(() => {});
      if (lost.signal.aborted) return;
      const asked = performance.now();
      const left = ackWaitMs * GIVE_UP - (asked - this.#heard);
      // A heartbeat without a confirmation may not have come: another host may get the task.
      const heard = left > 0 &&
        await nats.request(reply, PROGRESS, { timeout: left }).then(() => true, () => false);
      if (heard) this.#heard = asked;
      else if (performance.now() - this.#heard >= ackWaitMs * GIVE_UP) {
        log(
          `fleet: task ${this.#id} is stopped here: the queue does not answer, and gives it to another host`,
        );
        return lost.abort();
      }
    }
  }

  /** Leaves the task to another host; when none of those that are there takes it, that is its end. */
  async #refuse(reason: string, attempt: number): Promise<void> {
    const { jobs, pool, presence, message, log } = this.#deps;
    log(`fleet: refused: task ${this.#id}: ${reason}`);
    await jobs.refuse({ reason, time: Date.now() });
    const there = (await presence.list()).map(({ record }) => record)
      .filter((record) => poolsOf(record).includes(pool));
    const refusals = await Promise.all(there.map(({ host }) => jobs.refusal(host)));
    if (refusals.some((refusal) => refusal === undefined)) return message.nak(REFUSED_MS);
    await this.#end(withoutRun({ reason: "refused", error: reason, attempt }));
  }

  /** Says the end until the server has one, this host's or another's. */
  async #end(final: FinalStep): Promise<void> {
    const { jobs, nats, log, signal } = this.#deps;
    for (;;) {
      try {
        if (!await jobs.end(final)) log(`fleet: task ${this.#id} had ended already`);
        return await this.#done();
      } catch (error) {
        if (nats.isClosed() || signal.aborted) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  /** Takes it out of the queue. A message that comes again finds the end. */
  async #done(): Promise<void> {
    await this.#deps.message.ackAck({ timeout: this.#deps.ackWaitMs }).catch(() => {});
  }
}
