/** How commands end that are interrupted, or whose output is lost. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { until } from "../support/until.ts";
import { untilGone } from "./daemon_sandbox.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";
import { project, start } from "./task_sandbox.ts";

const SIGNALS: [signal: NodeJS.Signals, code: number][] = [["SIGINT", 130], ["SIGTERM", 143], [
  "SIGHUP",
  129,
], ["SIGQUIT", 131]];

for (const words of [["run", "slow"], ["watch", "slow"], ["app", "up", "--no-tui"]]) {
  for (const [signal, expected] of SIGNALS) {
    Deno.test(`haft ${words.join(" ")} that ${signal} ends exits with ${expected}`, async () => {
      await using daemon = await project(
        binary,
        `[tasks.slow]\nrun = "echo begun; exec sleep 600"\ninputs = ["*.txt"]\n
[apps.web]\ncommand = ["sh", "-c", "echo begun; exec sleep 600"]\n`,
      );
      let sent = false;
      const { code, stderr } = await daemon.sandbox.run(binary, {
        args: words,
        onOutput: ({ pid, stdout }) => {
          if (sent || !stdout.includes("begun")) return;
          sent = true;
          process.kill(pid, signal);
        },
      });
      assertEquals(code, expected, stderr);
    });
  }
}

Deno.test("Ctrl-\\ ends the tasks of haft run with it, also those in the background", async () => {
  await using daemon = await project(
    binary,
    `[tasks.one]\nrun = "echo $$ > pid; echo begun; exec sleep 600"\n[tasks.two]\nrun = "sleep 600"\n`,
  );
  let sent = false;
  const { code, stderr } = await daemon.sandbox.run(binary, {
    args: ["run", "one", "two"],
    onOutput: ({ pid, stdout }) => {
      if (sent || !stdout.includes("begun")) return;
      sent = true;
      process.kill(pid, "SIGQUIT");
    },
  });
  assertEquals(code, 131, stderr);
  await untilGone(Number(readFileSync(join(daemon.sandbox.project, "pid"), "utf8")));
});

Deno.test({
  name: "output that cannot be written is a failure, and the error names stdout",
  ignore: !existsSync("/dev/full"),
  async fn() {
    await using registry = await fakeTools();
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\nesbuild = "1"\n[tasks]\nhello = "echo hello"\n');
    assertEquals((await sandbox.run(binary, { args: ["trust"] })).code, 0);
    for (
      const line of ["sync --json", "ls", "run --output prefixed hello", "run --json hello", "--version"]
    ) {
      const { code, stderr } = await sandbox.shell(binary, `haft ${line} > /dev/full`);
      assertEquals(code, 1, `${line}: ${stderr}`);
      assertStringIncludes(stderr, "Cannot write to stdout: no space is left there (ENOSPC)");
    }
  },
});

Deno.test("usage errors and what a source refuses are lines of JSON with --json, of the commands' own", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const lines = async (...args: string[]) => {
    const { code, stderr } = await sandbox.run(binary, { args });
    // What an install tells meanwhile is JSON, too.
    const told = stderr.trim().split("\n").map((line) => JSON.parse(line));
    return { code, errors: told.flatMap(({ error }) => typeof error === "object" ? [error] : []) };
  };
  const unknown = await lines("ls", "--json", "--foo");
  assertEquals([unknown.code, unknown.errors[0].name], [2, "UsageError"]);
  assertStringIncludes(unknown.errors[0].message, "Unknown option --foo");
  assertEquals((await lines("daemon", "status", "extra", "--json")).code, 2);
  const text = await sandbox.run(binary, { args: ["ls", "--foo", "--", "--json"] });
  assertStringIncludes(text.stderr, "error: ");
  sandbox.manifest('[tools]\nesbuild = "99"\nbiome = "2"\n');
  for (const words of [["outdated", "--json"], ["upgrade", "--json"], ["lock", "--json"]]) {
    const { code, errors } = await lines(...words);
    assertEquals(code, 1);
    const [first] = errors;
    assertEquals(first.tool, "esbuild");
    assertStringIncludes(first.message, "99");
    assert(first.next !== undefined, JSON.stringify(first));
  }
});

for (const words of [["task", "wait", "ID"], ["task", "logs", "-f", "ID"]]) {
  Deno.test(`haft ${words.join(" ")} starts the daemon that it needs when its own was killed`, async () => {
    await using daemon = await project(
      binary,
      `[tasks.slow]\nrun = "echo begun; until [ -e go ]; do sleep 0.05; done; echo ended"\n`,
    );
    const pid = await daemon.start();
    const id = await start(daemon, "slow");
    const waiting = daemon.sandbox.run(binary, { args: words.with(-1, id) });
    const clients = async () =>
      (await daemon.call("daemon.metrics", { format: "json" }) as { connections: { name: string | null }[] })
        .connections.filter(({ name }) => name === "haft task").length;
    await until(clients, "a client is there");
    process.kill(pid, "SIGKILL");
    await untilGone(pid);
    let next: number | undefined;
    while (next === undefined) {
      const { code, stdout } = await daemon.run("daemon", "status", "--json");
      if (code === 0) next = JSON.parse(stdout).pid;
    }
    assert(next !== pid);
    writeFileSync(join(daemon.sandbox.project, "go"), "");
    const { code, stderr } = await waiting;
    assert(code !== 3, stderr);
  });
}

Deno.test("haft upgrade installs what the lock file names, also when nothing is newer", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1"\n');
  const haft = (...args: string[]) => sandbox.run(binary, { args });
  assertEquals((await haft("lock")).code, 0);
  assertEquals(sandbox.installed(), []);
  const dry = await haft("upgrade", "--dry-run");
  assertEquals([dry.code, sandbox.installed()], [0, []]);
  const upgraded = await haft("upgrade");
  assertEquals(upgraded.code, 0, upgraded.stderr);
  assertStringIncludes(upgraded.stderr, "Nothing to upgrade");
  assertEquals(sandbox.installed(), ["esbuild/1.2.0"]);
  // As an upgrade leaves it that was killed in between.
  rmSync(join(sandbox.haftHome, "store"), { recursive: true });
  assertEquals((await haft("upgrade", "--bump", "--json")).stdout, "[]\n");
  assertEquals(sandbox.installed(), ["esbuild/1.2.0"]);
});
