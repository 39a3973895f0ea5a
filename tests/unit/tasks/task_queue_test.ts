import { assertEquals } from "@std/assert";
import { TaskQueue } from "../../../src/tasks/task_queue.ts";
import { TaskRecord } from "../../../src/tasks/task_record.ts";

function task(name: string): TaskRecord {
  return TaskRecord.create({ cwd: "/p", name }, { root: "/p", clientId: null, bootId: "b", logs: "/l" });
}

/** A queue whose tasks run until the test ends them. */
function queueOf(places: number) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const queue = new TaskQueue({
    places: () => places,
    start: ({ info }) => {
      started.push(String(info.name));
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(String(info.name), resolve);
      return promise;
    },
  });
  return { queue, started, ends };
}

Deno.test("TaskQueue runs as many as there are places, and the next when one is over", async () => {
  const { queue, started, ends } = queueOf(2);
  const tasks = ["a", "b", "c"].map(task);
  for (const one of tasks) queue.add(one);
  queue.fill();
  assertEquals([started, tasks[2]?.info.state], [["a", "b"], "queued"]);
  const [first] = tasks;
  if (first !== undefined) queue.remove(first);
  ends.get("a")?.();
  await Promise.resolve();
  await Promise.resolve();
  assertEquals([started, queue.size], [["a", "b", "c"], 2]);
});

Deno.test("TaskQueue passes over what waits for a retry or is being cancelled, and starts nothing once closed", () => {
  const { queue, started } = queueOf(5);
  const [waiting, ending, ready] = [task("waiting"), task("ending"), task("ready")];
  waiting.retry = { [Symbol.dispose]() {} };
  ending.ending = { event: "cancel", reason: "cancelled" };
  for (const one of [waiting, ending, ready]) queue.add(one);
  queue.fill();
  assertEquals(started, ["ready"]);
  waiting.retry = undefined;
  queue.close();
  queue.fill();
  assertEquals(started, ["ready"]);
});

Deno.test("TaskQueue gives an adopted task a place even when none is free", async () => {
  const { queue, started, ends } = queueOf(1);
  const adopted = Promise.withResolvers<void>();
  queue.occupy(() => adopted.promise);
  queue.occupy(() => Promise.resolve());
  queue.add(task("a"));
  await Promise.resolve();
  await Promise.resolve();
  queue.fill();
  assertEquals(started, []);
  adopted.resolve();
  await Promise.resolve();
  await Promise.resolve();
  assertEquals([started, ends.size], [["a"], 1]);
});
