/** `[includes]`: tasks of other files, each with a namespace. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary } from "./support.ts";
import { project } from "./task_sandbox.ts";

const MANIFEST = `[includes]
docs = "docs/tasks.toml"

[tasks]
build = "echo own"
all = { depends = ["build", "docs:site"] }
"docs:own" = "echo the manifest comes first"
`;

const TASKS = `[tasks]
build = { run = "echo docs; pwd", aliases = "b" }
site = { run = "echo site", depends = ["b"] }
own = "echo hidden"
`;

Deno.test("tasks of an included file have its namespace, run where the manifest is, and mean each other first", async () => {
  await using daemon = await project(binary, MANIFEST);
  const { project: root } = daemon.sandbox;
  mkdirSync(join(root, "docs"));
  writeFileSync(join(root, "docs", "tasks.toml"), TASKS);
  await daemon.run("trust");
  const all = await daemon.run("run", "all", "--output", "quiet", "-j", "1");
  assertEquals(all.code, 0, all.stderr);
  assertEquals(all.stdout.trim().split("\n").sort(), [root, "docs", "own", "site"].sort());
  assertStringIncludes((await daemon.run("tasks")).stdout, "docs:build");
  assertEquals((await daemon.run("run", "docs:b")).stdout, `docs\n${root}\n`);
  assertEquals((await daemon.run("run", "docs:own")).stdout, "the manifest comes first\n");
  assertMatch((await daemon.run("run", "docs:biuld")).stderr, /Did you mean "docs:build"/);
  assertMatch((await daemon.run("check")).stdout, /is valid: 5 tasks/);
  // What is remembered is not used once the file has changed.
  writeFileSync(join(root, "docs", "tasks.toml"), TASKS.replace("echo docs; pwd", "echo changed"));
  await daemon.run("trust");
  assertEquals((await daemon.run("run", "docs:build")).stdout, "changed\n");
});

Deno.test("trust is bound to what an included file says", async () => {
  await using daemon = await project(binary, MANIFEST);
  const { project: root } = daemon.sandbox;
  mkdirSync(join(root, "docs"));
  const file = join(root, "docs", "tasks.toml");
  writeFileSync(file, TASKS);
  const haft = (...args: string[]) => daemon.run(...args);
  assertEquals((await haft("trust")).code, 0);
  assertEquals((await haft("run", "docs:build")).code, 0);
  writeFileSync(file, TASKS.replace("echo docs", "echo evil"));
  const { code, stdout, stderr } = await haft("run", "docs:build");
  assertEquals([code === 0, stdout], [false, ""]);
  assertMatch(stderr, /trust/);
  assertEquals((await haft("trust")).code, 0);
  assertMatch((await haft("run", "docs:build")).stdout, /^evil\n/);
});

Deno.test("what is wrong in an included file is named there, and stops no command that runs no task", async () => {
  await using daemon = await project(binary, MANIFEST);
  const { project: root } = daemon.sandbox;
  mkdirSync(join(root, "docs"));
  const rows: [text: string | undefined, said: RegExp][] = [
    [undefined, /haft\.toml:2:1: key "includes\.docs": "docs\/tasks\.toml" is not there/],
    ["[tasks]\nx = { rn = 'y' }\n", /docs\/tasks\.toml:2:7: key "tasks\.docs:x\.rn" is not known/],
    ["[tasks]\nx = { run = 'y', depends = 'z' }\n", /docs\/tasks\.toml:2:18: .* names no task: "z"/],
    ["[tools]\nnode = '1'\n", /docs\/tasks\.toml:1:1: key "tools" is not known/],
    ["[tasks\n", /docs\/tasks\.toml:1:/],
  ];
  for (const [text, said] of rows) {
    if (text !== undefined) writeFileSync(join(root, "docs", "tasks.toml"), text);
    for (const args of [["check"], ["run", "docs:x"]]) {
      const { code, stdout, stderr } = await daemon.run(...args);
      assertEquals([args, code === 0], [args, false]);
      assertMatch(stdout + stderr, said);
    }
    assertEquals((await daemon.run("ls")).code, 0);
  }
  daemon.sandbox.manifest('[includes]\ndocs = "../tasks.toml"\n');
  assertMatch((await daemon.run("check")).stdout, /2:1: key "includes\.docs" must be a file below/);
});
