/**
 * One task of the queue, as far as its steps say. They come in the order in which the server stored them, and
 * each counts only from those who can say it: its sender, the hosts that may take it, the host that runs it.
 */
import { poolOwner } from "../subjects.ts";
import {
  type Begun,
  decode,
  FinalStep,
  isEndOf,
  QueuedStep,
  RefusedStep,
  RunsStep,
  StartedStep,
} from "./task_message.ts";
import type { ObjectReference, StoredOutputs } from "./task_products.ts";

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

/** While its steps are read. */
interface ReadTask extends FleetTask {
  result_at?: ObjectReference | undefined;
}

/** A step as it came, with a signature of the key of the host that it names. */
export interface TaskStep {
  host: string;
  step: string;
  signer: string;
  seq: number;
  text: Uint8Array;
}

export class TaskSteps {
  readonly task: ReadTask;
  #begun: Begun | undefined;

  constructor(id: string) {
    this.task = {
      id,
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
      attempts: [],
      refused: [],
      created_at: null,
      ended_at: null,
    };
  }

  add(said: TaskStep): void {
    switch (said.step) {
      case "queued":
        return this.#queued(said);
      case "started":
        return this.#started(said);
      case "runs":
        return this.#runs(said);
      case "refused":
        return this.#refused(said);
      case "final":
        return this.#final(said);
    }
  }

  /** The first counts: ids are of chance, and the sender says it before others can know one. */
  #queued({ signer, text }: TaskStep): void {
    const queued = decode(QueuedStep, text);
    if (queued === undefined || queued.sender !== signer || this.task.created_at !== null) return;
    const { time, ...wanted } = queued;
    Object.assign(this.task, { ...wanted, created_at: time });
  }

  #started({ host, seq, text }: TaskStep): void {
    const started = decode(StartedStep, text);
    const { task } = this;
    if (started === undefined || !this.#mayTake(host)) return;
    task.attempts.push({ host, ...started });
    this.#begun = { host, attempt: started.attempt, seq };
    if (task.ended_at === null) {
      Object.assign(task, { state: "running", host, attempt: started.attempt, local_id: null });
    }
  }

  #runs({ host, text }: TaskStep): void {
    const runs = decode(RunsStep, text);
    const { task } = this;
    if (runs === undefined || runs.attempt !== task.attempt || host !== task.host) return;
    if (task.ended_at === null) task.local_id = runs.local_id;
  }

  #refused({ host, text }: TaskStep): void {
    const refused = decode(RefusedStep, text);
    if (refused !== undefined && this.#mayTake(host)) {
      this.task.refused.push({ host, reason: refused.reason });
    }
  }

  #final({ host, signer, seq, text }: TaskStep): void {
    const { task } = this;
    const final = decode(FinalStep, text);
    if (final === undefined || task.ended_at !== null) return;
    const isWithdrawn = signer === task.sender && final.reason === "cancelled" && final.local_id === null;
    if (!this.#mayTake(host) && !isWithdrawn) return;
    if (!isEndOf({ host, seq, step: final }, this.#begun)) return;
    const { time, ...end } = final;
    Object.assign(task, { ...end, host: end.local_id === null ? task.host : host, ended_at: time });
  }

  /** Whether a host is one of those that the task was put there for. */
  #mayTake(host: string): boolean {
    const owner = poolOwner(this.task.pool);
    return owner === undefined || owner === host;
  }
}
