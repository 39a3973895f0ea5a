import { assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { existsSync, mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TaskInfo } from "../../src/protocol/methods/task_methods.ts";
import { until } from "../support/until.ts";
import type { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";
import { project } from "./task_sandbox.ts";

/** Runs a task until the project's tasks are remembered, which they are once its files have settled. */
async function remembered(daemon: DaemonSandbox, name: string): Promise<void> {
  const directory = join(daemon.sandbox.haftHome, "cache", "tasks");
  while (!existsSync(directory) || readdirSync(directory).length === 0) {
    assertEquals((await daemon.run("run", name)).code, 0);
    await delay(100);
  }
}

Deno.test("what haft run remembers of a project counts only while manifest, dotenv, settings and trust are as they were", async () => {
  await using daemon = await project(
    binary,
    '[env]\nWHO = "me"\n[tasks]\nt = "echo one $WHO"\n[tasks.d]\nrun = "echo $V"\ndotenv = ".env"\n',
  );
  const { sandbox } = daemon;
  writeFileSync(join(sandbox.project, ".env"), "V=1\n");
  await remembered(daemon, "t");
  assertEquals((await daemon.run("run", "t")).stdout, "one me\n");
  assertEquals((await daemon.run("run", "d")).stdout, "1\n");
  writeFileSync(join(sandbox.project, ".env"), "V=2\n");
  assertEquals((await daemon.run("run", "d")).stdout, "2\n");
  // A variable that runs code needs trust, whichever file brings it.
  writeFileSync(join(sandbox.project, ".env"), "V=3\nNODE_OPTIONS=--require=./evil.js\n");
  assertStringIncludes((await daemon.run("run", "d")).stderr, "is not trusted");
  writeFileSync(join(sandbox.project, ".env"), "V=2\n");

  // Same size, and its time set back.
  const manifest = join(sandbox.project, "haft.toml");
  sandbox.manifest(
    '[env]\nWHO = "me"\n[tasks]\nt = "echo two $WHO"\n[tasks.d]\nrun = "echo $V"\ndotenv = ".env"\n',
  );
  utimesSync(manifest, 1_000_000_000, 1_000_000_000);
  const changed = await daemon.run("run", "t");
  assertEquals([changed.code, changed.stdout], [1, ""]);
  assertStringIncludes(changed.stderr, "is not trusted");
  await daemon.run("trust");
  assertEquals((await daemon.run("run", "t")).stdout, "two me\n");

  await delay(2_100);
  await daemon.run("run", "t");
  await daemon.run("trust", "--revoke");
  assertStringIncludes((await daemon.run("run", "t")).stderr, "is not trusted");
  await daemon.run("trust");

  await delay(2_100);
  await daemon.run("run", "t");
  // Another directory in its place, with the same file.
  const aside = `${sandbox.project}-aside`;
  renameSync(sandbox.project, aside);
  mkdirSync(sandbox.project);
  renameSync(join(aside, "haft.toml"), manifest);
  assertStringIncludes((await daemon.run("run", "t")).stderr, "is not trusted");
});

Deno.test("task send reaches a task in front, before it connects and after; what it says is in its history at once", async () => {
  const script = `
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX)
print("begun", flush=True)
while not os.path.exists("go"): pass
s.connect(os.environ["HAFT_IPC_CHANNEL"]); f = s.makefile("rwb")
def say(event, data): f.write((json.dumps({"type": "event", "event": event, "data": data}) + "\\n").encode()); f.flush()
say("message", {"text": "here"})
heard = [json.loads(f.readline())["data"]["text"] for _ in range(2)]
say("result", {"heard": heard})
`;
  await using daemon = await project(binary, '[tasks]\ntalk = ["python3", "talk.py"]\n');
  writeFileSync(join(daemon.sandbox.project, "talk.py"), script);
  await daemon.start();
  let sent: Promise<void> | undefined;
  const send = async () => {
    const { tasks: [info] } = await daemon.call("task.list", {}) as { tasks: TaskInfo[] };
    const id = info?.id ?? "";
    assertEquals((await daemon.run("task", "send", id, "early")).code, 0);
    writeFileSync(join(daemon.sandbox.project, "go"), "");
    const texts = async () => {
      const { messages } = await daemon.call("task.status", { id }) as {
        messages: { data: { text: string } }[];
      };
      return messages.map(({ data }) => data.text);
    };
    await until(texts, "it says here", { passes: (said) => said.includes("here") });
    assertEquals((await daemon.run("task", "send", id, "late")).code, 0);
  };
  const run = await daemon.sandbox.run(binary, {
    args: ["run", "talk"],
    onOutput: ({ stdout }) => {
      if (stdout.includes("begun")) sent ??= send();
    },
  });
  await sent;
  assertEquals(run.code, 0, run.stderr);
  const { tasks: [info] } = await daemon.call("task.list", {}) as { tasks: TaskInfo[] };
  assertEquals(info?.result, { heard: ["early", "late"] });
});
