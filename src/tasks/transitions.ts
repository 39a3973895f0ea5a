import type { TaskState } from "../protocol/methods/task_methods.ts";

/** What can happen to a task. */
export type TaskEvent = "start" | "complete" | "fail" | "cancel" | "time_out" | "lose" | "resume" | "close";

/** State → what can happen in it → the next state. What is not here cannot happen. */
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

/** @returns undefined when that cannot happen in that state */
export function nextState(state: TaskState, event: TaskEvent): TaskState | undefined {
  return TABLE[state][event];
}

/** Whether it is over, until somebody resumes it. */
export function isFinal(state: TaskState): boolean {
  return state !== "queued" && state !== "running";
}
