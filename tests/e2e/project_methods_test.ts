/** What an editor asks the daemon about a project's files: problems, tasks, and trust. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

const MANIFEST = `[env]
GREETING = "hello"

[tasks.build]
run = "true"
description = "Builds it"
aliases = "b"

[tasks.greet]
run = "echo {{who}}"
depends = "build"
confirm = "Really?"
args = { who = { default = "you", choices = ["you", "me"], description = "whom" }, loud = {} }
`;

Deno.test("project.check says what haft check says, of the file and of a text that is not saved", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { sandbox } = daemon;
  sandbox.manifest('[tools]\nbiom = "2"\n');
  const path = join(sandbox.project, "haft.toml");
  const told = await daemon.run("check", "--json");
  await daemon.start();
  const { problems } = await daemon.call("project.check", { path });
  assertEquals(problems, JSON.parse(told.stdout));
  assertEquals(await daemon.call("project.check", { path, text: '[tools]\nbiome = "2"\n' }), {
    problems: [],
  });
  const broken = await daemon.call("project.check", { path, text: "[tools\n" });
  assertStringIncludes(JSON.stringify(broken), '"line":1');
});

Deno.test("project.tasks names the tasks that a directory sees, with what they take", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { sandbox } = daemon;
  sandbox.manifest(MANIFEST);
  await daemon.start();
  const manifest = join(sandbox.project, "haft.toml");
  assertEquals(await daemon.call("project.tasks", { cwd: sandbox.project }), {
    tasks: [
      {
        name: "build",
        aliases: ["b"],
        description: "Builds it",
        manifest,
        hidden: false,
        depends: [],
        confirm: null,
        parameters: [],
      },
      {
        name: "greet",
        aliases: [],
        description: null,
        manifest,
        hidden: false,
        depends: ["build"],
        confirm: "Really?",
        parameters: [
          { name: "who", default: "you", choices: ["you", "me"], description: "whom" },
          { name: "loud", default: null, choices: null, description: null },
        ],
      },
    ],
  });
});

Deno.test("project.grant trusts what was shown, and nothing that changed since", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { sandbox } = daemon;
  const cwd = sandbox.project;
  sandbox.manifest(MANIFEST);
  await daemon.start();
  const shown = await daemon.call("project.trust", { cwd });
  assertEquals([shown["trusted"], Array.isArray(shown["lines"]) && shown["lines"][0]], [
    false,
    'env.GREETING = "hello"',
  ]);

  writeFileSync(join(cwd, "haft.toml"), MANIFEST.replace("hello", "$(rm -rf ~)"));
  const refused = await daemon.run(
    "ipc-send",
    "project.grant",
    JSON.stringify({ cwd, digest: shown["digest"] }),
  );
  assertEquals(refused.code, 4);
  assertMatch(refused.stderr, /has changed since it was looked at/);
  assertEquals((await daemon.call("project.trust", { cwd }))["trusted"], false);

  writeFileSync(join(cwd, "haft.toml"), MANIFEST);
  const granted = await daemon.call("project.grant", { cwd, digest: shown["digest"] });
  assertEquals(granted, { ...shown, trusted: true });
  const { env } = await daemon.call("runtime.environment", { cwd });
  assertEquals(env, { GREETING: "hello" });
});
