import { assertEquals } from "@std/assert";
import { nextTask } from "../../../src/tasks/next_task.ts";

Deno.test("nextTask() takes the longest waiting one of the project that has the fewest running", () => {
  const task = (root: string, name: string, state: "queued" | "running" = "queued") => ({
    info: { root, state },
    name,
  });
  const all = () => true;
  const live = [task("/a", "a1"), task("/a", "a2"), task("/b", "b1"), task("/b", "b2")];
  const order = [];
  for (let next = nextTask(live, all); next !== undefined; next = nextTask(live, all)) {
    next.info.state = "running";
    order.push(next.name);
  }
  assertEquals(order, ["a1", "b1", "a2", "b2"]);
  assertEquals(nextTask([], all), undefined);
  assertEquals(nextTask([task("/a", "a1"), task("/a", "a2")], ({ name }) => name !== "a1")?.name, "a2");
  assertEquals(nextTask([task("/a", "a1"), task("/a", "r", "running"), task("/b", "b1")], all)?.name, "b1");
});
