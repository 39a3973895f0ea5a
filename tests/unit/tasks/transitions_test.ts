import { assertEquals } from "@std/assert";
import type { TaskState } from "../../../src/protocol/methods/task_methods.ts";
import { nextState, type TaskEvent } from "../../../src/tasks/transitions.ts";

const rows: [TaskState, TaskEvent, TaskState | undefined][] = [
  ["queued", "start", "running"],
  ["queued", "cancel", "aborted"],
  ["queued", "complete", undefined],
  ["queued", "resume", undefined],
  ["running", "complete", "completed"],
  ["running", "fail", "aborted"],
  ["running", "time_out", "aborted"],
  ["running", "lose", "aborted"],
  ["running", "close", undefined],
  ["completed", "cancel", undefined],
  ["completed", "resume", "queued"],
  ["completed", "close", "closed"],
  ["aborted", "complete", undefined],
  ["aborted", "resume", "queued"],
  ["closed", "resume", undefined],
  ["closed", "close", undefined],
];
for (const [state, event, next] of rows) {
  Deno.test(`a ${state} task, on ${event}: ${next ?? "nothing, it cannot happen"}`, () => {
    assertEquals(nextState(state, event), next);
  });
}
