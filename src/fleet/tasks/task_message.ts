/**
 * What is said about a task of the queue: the sender's signed request, and each step that a host takes. The
 * id names it for the whole fleet.
 */
import { randomId } from "../../base/random_id.ts";
import * as v from "valibot";
import { type TaskInfo, taskMethods } from "../../protocol/methods/task_methods.ts";
import { AbsolutePath } from "../../protocol/methods/words.ts";
import type { UserKey } from "../nkey.ts";
import { isRequestOf, signRequest } from "../signed_request.ts";
import { taskPlace } from "../subjects.ts";
import { ObjectReference, StoredOutputs } from "./task_products.ts";

const FLEET_TASK_ID = /^fleet-[0-9a-f]{12}$/;

export function newFleetTaskId(): string {
  return `fleet-${randomId()}`;
}

export function isFleetTaskId(text: string): boolean {
  return FLEET_TASK_ID.test(text);
}

/** What the host's daemon is asked. */
export const TaskRequest = v.strictObject({
  ...taskMethods["task.start"].params.entries,
  /** There; it can be below `~/`, the home of the host's user. */
  cwd: v.union([AbsolutePath, v.pipe(v.string(), v.startsWith("~/"), v.maxLength(4_096))]),
});
export type TaskRequest = v.InferOutput<typeof TaskRequest>;

export const QueuedTask = v.strictObject({
  id: v.pipe(v.string(), v.regex(FLEET_TASK_ID)),
  request: v.optional(TaskRequest),
  /** Where that is, when it is too large for a message. */
  request_at: v.optional(ObjectReference),
  /** Milliseconds since 1970, by the sender's clock. */
  created_at: v.number(),
});
export type QueuedTask = v.InferOutput<typeof QueuedTask>;

/** A sender is about to put it into the queue. */
export const QueuedStep = v.object({
  pool: v.string(),
  /** Null for a command. */
  name: v.nullable(v.string()),
  /** The sender's key. */
  sender: v.optional(v.string()),
  time: v.number(),
});
export type QueuedStep = v.InferOutput<typeof QueuedStep>;

/** A host began an attempt. */
export const StartedStep = v.object({
  attempt: v.number(),
  time: v.number(),
});
export type StartedStep = v.InferOutput<typeof StartedStep>;

/** The host's daemon has it. */
export const RunsStep = v.object({ attempt: v.number(), local_id: v.string(), time: v.number() });
export type RunsStep = v.InferOutput<typeof RunsStep>;

/** Its sender, who signs this, wants it to end. */
export const CancelStep = v.object({ time: v.number() });
export type CancelStep = v.InferOutput<typeof CancelStep>;

/** A host does not take it: no grant, no trust, no such project or task. */
export const RefusedStep = v.object({ reason: v.string(), time: v.number() });
export type RefusedStep = v.InferOutput<typeof RefusedStep>;

/** The one end of a task. */
export const FinalStep = v.object({
  state: v.picklist(["completed", "aborted"]),
  /** Why it was aborted; `refused` when no host takes it. */
  reason: v.nullable(v.picklist(["failed", "cancelled", "timed_out", "lost", "refused"])),
  error: v.nullable(v.string()),
  exit_code: v.nullable(v.number()),
  result: v.unknown(),
  /** Where that is, when it is too large for a message. */
  result_at: v.optional(ObjectReference),
  /** The files that it declares, of a completed task. */
  outputs: v.optional(StoredOutputs),
  /** Why they could not be kept. */
  outputs_error: v.optional(v.string()),
  /** Attempts that were begun, this one included. */
  attempt: v.number(),
  /** The task's id on the host that ran it. */
  local_id: v.nullable(v.string()),
  time: v.number(),
});
export type FinalStep = v.InferOutput<typeof FinalStep>;

/** An end that was said: by which host, and where in the stream. */
export interface SaidEnd {
  host: string;
  seq: number;
  step: FinalStep;
}

/** The attempt that was begun last. */
export interface Begun {
  host: string;
  attempt: number;
  seq: number;
}

/**
 * Whether an end counts: that of the attempt that was begun last, by the host that began it. A task that no
 * host runs to its end is refused or lost, or was cancelled, by its sender only before a host began.
 */
export function isEndOf({ host, seq, step }: SaidEnd, begun: Begun | undefined): boolean {
  if (step.local_id !== null) {
    return begun !== undefined && begun.host === host && begun.attempt === step.attempt;
  }
  if (step.state !== "aborted") return false;
  if (step.reason !== "cancelled" || step.attempt > 0) return true;
  return begun === undefined || (begun.attempt === 1 && begun.seq > seq);
}

/** Stands where a session has its challenge: a signature of the one never counts for the other. */
const QUEUE = "queue";

export function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function signTask(key: UserKey, subject: string, text: Uint8Array): string {
  return signRequest(key, { subject, challenge: QUEUE, text });
}

/** Whether the sender that the subject names signed this text for this place in the queue. */
export function isSignedTask(
  { subject, text, signature }: { subject: string; text: Uint8Array; signature: string },
): boolean {
  return isRequestOf(taskPlace(subject).sender, { subject, challenge: QUEUE, text, signature });
}

/** Somebody's wish to end a task, as it came. */
export interface CancelWish {
  subject: string;
  text: Uint8Array;
  signature: string;
}

export function signCancel(key: UserKey, subject: string, text: Uint8Array): string {
  return signRequest(key, { subject, challenge: QUEUE, text });
}

/** Whether the task's sender signed this wish to end it. */
export function isCancelOf(
  sender: string,
  { subject, text, signature }: CancelWish,
): boolean {
  return isRequestOf(sender, { subject, challenge: QUEUE, text, signature }) &&
    decode(CancelStep, text) !== undefined;
}

/** @returns undefined for what is not of this shape */
export function decode<Schema extends v.GenericSchema>(
  schema: Schema,
  text: Uint8Array,
): v.InferOutput<Schema> | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(new TextDecoder().decode(text)));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** How a task ended on its host. */
export function finalOf(info: TaskInfo, attempt: number): FinalStep {
  const { state, reason, error, exit_code, result, id, ended_at } = info;
  return {
    state: state === "completed" ? state : "aborted",
    reason: state === "completed" ? null : reason ?? "failed",
    error,
    exit_code,
    result: result ?? null,
    attempt,
    local_id: id,
    time: ended_at ?? Date.now(),
  };
}

/** The end of a task that no host has run to its end. */
export function withoutRun(
  { reason, error, attempt }: {
    reason: "lost" | "refused" | "cancelled";
    error: string | null;
    attempt: number;
  },
): FinalStep {
  return {
    state: "aborted",
    reason,
    error,
    exit_code: null,
    result: null,
    attempt,
    local_id: null,
    time: Date.now(),
  };
}
