import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/base/errors.ts";
import { parseTasks } from "../../../src/tasks/task_schema.ts";

const wrong: [string, Record<string, unknown>, RegExp][] = [
  ["neither run nor backend", { a: {} }, /"tasks\.a" must be a table with "run" or "backend"/],
  ["both", { a: { run: "x", backend: "y" } }, /"tasks\.a" must be a table with "run" or "backend"/],
  ["an unknown key", { a: { run: "x", dependz: [] } }, /"tasks\.a\.dependz" is not known/],
  ["a time that is none", { a: { run: "x", timeout: "soon" } }, /"tasks\.a\.timeout" must be a time such as/],
  ["a dependency that is not there", { a: { run: "x", depends: "b" } }, /names no task: "b"/],
  ["a task that depends on itself", { a: { run: "x", depends: "a" } }, /in a circle: a → a/],
];
for (const [what, section, message] of wrong) {
  Deno.test(`parseTasks() refuses ${what}`, () => {
    const error = assertThrows(() => parseTasks(section, "haft.toml"), UsageError);
    assertEquals(message.test(error.message), true, error.message);
  });
}

Deno.test("parseTasks() takes a text for a command, and fills in the defaults", () => {
  const task = parseTasks({ a: "make -j4 'all of it'" }, "haft.toml").get("a");
  assertEquals([task?.run, task?.retries, task?.retry_delay, task?.method], [
    ["make -j4 'all of it'"],
    0,
    1000,
    "run",
  ]);
});
