import { assertEquals } from "@std/assert";
import { worstExit } from "../../../../src/cli/task/worst_exit.ts";
import type { TaskInfo } from "../../../../src/protocol/methods/task_methods.ts";

function task(fields: Partial<TaskInfo>): TaskInfo {
  return {
    id: "0123456789ab",
    name: "t",
    root: "/p",
    state: "completed",
    reason: null,
    error: null,
    attempt: 1,
    skipped: false,
    skip_reason: null,
    exit_code: 0,
    pid: null,
    result: null,
    text: null,
    client_id: null,
    created_at: 0,
    started_at: 0,
    ended_at: 1,
    log: "/log",
    ...fields,
  };
}

const failed = (reason: TaskInfo["reason"], exit_code: number | null) =>
  task({ state: "aborted", reason, exit_code });

Deno.test("worstExit() is the first failure's own code, and says a time-out and a cancellation apart", () => {
  const rows: [tasks: TaskInfo[], code: number][] = [
    [[], 0],
    [[task({}), task({})], 0],
    [[task({}), failed("failed", 7), failed("failed", 9)], 7],
    [[failed("failed", null)], 1],
    [[failed("failed", 0)], 1],
    [[failed("timed_out", 143)], 124],
    [[failed("cancelled", 143)], 130],
  ];
  for (const [tasks, code] of rows) assertEquals(worstExit(tasks), code);
});
