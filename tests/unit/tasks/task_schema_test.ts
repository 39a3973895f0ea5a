import { assertEquals, assertMatch } from "@std/assert";
import { parseTasks } from "../../../src/tasks/task_schema.ts";

const wrong: [string, Record<string, unknown>, RegExp][] = [
  ["neither run nor backend", { a: {} }, /"tasks\.a" must be a table with "run" or "backend"/],
  ["both", { a: { run: "x", backend: "y" } }, /"tasks\.a" must be a table with "run" or "backend"/],
  ["an unknown key", { a: { run: "x", dependz: [] } }, /"tasks\.a\.dependz" is not known/],
  ["a time that is none", { a: { run: "x", timeout: "soon" } }, /"tasks\.a\.timeout" must be a time such as/],
  ["a task that depends on itself", { a: { run: "x", depends: "a" } }, /in a circle: a → a/],
];
for (const [what, section, message] of wrong) {
  Deno.test(`parseTasks() refuses ${what}, and takes the others`, () => {
    const { tasks, wrong } = parseTasks({ ...section, other: "true" }, "haft.toml");
    assertEquals([...wrong.keys(), tasks.has("other")], ["a", true]);
    assertMatch(wrong.get("a")?.message ?? "", message);
  });
}

Deno.test("parseTasks() takes a text for a command, and fills in the defaults", () => {
  const task = parseTasks({ a: "make -j4 'all of it'" }, "haft.toml").tasks.get("a");
  assertEquals([task?.run, task?.retries, task?.retry_delay, task?.method], [
    ["make -j4 'all of it'"],
    0,
    1000,
    "run",
  ]);
});
