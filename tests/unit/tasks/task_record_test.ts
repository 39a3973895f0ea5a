import { assertEquals } from "@std/assert";
import { TaskRecord } from "../../../src/tasks/task_record.ts";

const ASKED = { root: "/p", clientId: "c1", bootId: "boot", logs: "/logs" };

Deno.test("TaskRecord.create() makes a queued task with a log named after it", () => {
  const { info, request } = TaskRecord.create({ cwd: "/p/sub", name: "build", text: "now" }, ASKED);
  assertEquals(/^[0-9a-f]{12}$/.test(info.id), true);
  assertEquals(
    [info.state, info.name, info.root, info.attempt, info.client_id, info.log],
    ["queued", "build", "/p", 1, "c1", `/logs/${info.id}.log`],
  );
  assertEquals(request, {
    command: null,
    text: "now",
    images: [],
    configuration: {},
    cwd: "/p/sub",
    args: [],
    force: false,
  });
});

Deno.test("TaskRecord goes from queue to end: each step changes what it should, and the process goes with the end", () => {
  const task = TaskRecord.create({ cwd: "/p", command: ["x"] }, ASKED);
  task.run();
  const process = { pid: 7, startTime: "1", bootId: "boot", marker: "m" };
  task.started({ process, say() {}, stop: () => Promise.resolve() });
  assertEquals([task.info.state, task.info.pid, task.process], ["running", 7, process]);
  task.setResult({ done: 3 });
  task.end({ state: "completed", exitCode: 0 });
  assertEquals(
    [task.info.state, task.info.pid, task.process, task.info.exit_code, task.info.result],
    ["completed", null, null, 0, { done: 3 }],
  );
});

Deno.test("TaskRecord counts tries anew when a task is resumed, and forgets how the last attempt ended", () => {
  const task = TaskRecord.create({ cwd: "/p", command: ["x"] }, ASKED);
  task.run();
  task.retryAfter(3);
  assertEquals([task.tries, task.info.attempt, task.info.state, task.info.exit_code], [2, 2, "queued", 3]);
  task.end({ state: "aborted", exitCode: 4, reason: "failed", error: "It ended with code 4" });
  const again = TaskRecord.resume(task, { text: "go on", bootId: "later" });
  assertEquals(
    [
      again.tries,
      again.info.attempt,
      again.info.reason,
      again.info.error,
      again.info.exit_code,
      again.info.ended_at,
    ],
    [1, 3, null, null, null, null],
  );
  assertEquals([again.request.text, again.bootId], ["go on", "later"]);
});
