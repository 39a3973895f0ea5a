import type { AbortReason, TaskState } from "../protocol/methods/task_methods.ts";

/** What can happen to a task. */
export type TaskEvent = "start" | "complete" | "fail" | "cancel" | "time_out" | "lose" | "resume" | "close";

/** Why a task is being ended before its command is done. */
export interface Ending {
  event: TaskEvent;
  reason: AbortReason;
}

/** State → event → next state. An event that is missing here cannot happen. */
const TABLE: Readonly<Record<TaskState, Partial<Readonly<Record<TaskEvent, TaskState>>>>> = {
  queued: { start: "running", cancel: "aborted", fail: "aborted", lose: "aborted", close: "closed" },
  running: {
    complete: "completed",
    fail: "aborted",
    cancel: "aborted",
    time_out: "aborted",
    lose: "aborted",
  },
  completed: { resume: "queued", close: "closed" },
  aborted: { resume: "queued", close: "closed" },
  closed: {},
};

/** @returns undefined when the event cannot happen in that state */
export function nextState(state: TaskState, event: TaskEvent): TaskState | undefined {
  return TABLE[state][event];
}

/** Whether a task in this state has ended; a resume may start it again. */
export function isFinal(state: TaskState): boolean {
  return state !== "queued" && state !== "running";
}
