import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { binary } from "./support.ts";
import { project } from "./task_sandbox.ts";

Deno.test("a task in depends and in depends_post runs before and after, however it is reached", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
clean = "echo clean"
t = { run = "echo main", depends = ["clean"], depends_post = ["clean"] }
base = "echo base"
a = { run = "echo a", depends = ["base"] }
far = { run = "echo far", depends = ["a"], depends_post = ["base"] }
`,
  );
  const run = async (...names: string[]) => {
    const { code, stdout, stderr } = await daemon.run("run", "--output", "raw", "-j1", ...names);
    assertEquals(code, 0, stderr);
    return stdout.trim().split("\n").join(" ");
  };
  assertEquals(await run("t"), "clean main clean");
  assertEquals(await run("clean", "t"), "clean main clean");
  assertEquals(await run("far"), "base a far base");
  assertEquals((await daemon.run("check")).code, 0);
});

Deno.test("every circle of tasks is named by haft check, one through depends_post too, and by haft run", async () => {
  await using daemon = await project(binary);
  daemon.sandbox.manifest(`[tasks]
a = { run = "echo a", depends = ["b"] }
b = { run = "echo b", depends = ["a"] }
c = { run = "echo c", depends_post = ["d"] }
d = { run = "echo d", depends = ["c"] }
e = { run = "echo e", depends_post = ["e"] }
`);
  const check = await daemon.run("check");
  assertEquals(check.code, 1);
  for (const circle of ["a → b → a", "c → d → c", "e → e"]) {
    assertStringIncludes(check.stdout + check.stderr, `in a circle: ${circle}`);
  }
  const run = await daemon.run("run", "e");
  assertEquals([run.code, run.stdout], [2, ""]);
  assertMatch(run.stderr, /in a circle: a → b → a/);
});
