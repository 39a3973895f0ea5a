import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../../scripts/support/project.ts";
import type { TaskInfo } from "../../src/protocol/methods/task_methods.ts";
import { until } from "../support/until.ts";
import { untilGone } from "./daemon_sandbox.ts";
import { binary, everyHaft, isGone } from "./support.ts";
import {
  client,
  ended,
  finalsOf,
  givePlaces,
  killDaemon,
  project,
  running,
  start,
  startQueued,
  task,
} from "./task_sandbox.ts";

const MANIFEST = `
[tasks.hello]
run = ["sh", "-c", "echo hello from it; echo oops >&2"]

[tasks.fails]
run = ["sh", "-c", "echo trying; exit 7"]

[tasks.slow]
run = "sleep 600"

[tasks.limited]
run = "sleep 600"
timeout = "200ms"

[tasks.lint]
run = ["sh", "-c", "echo lint >> order"]

[tasks.build]
run = ["sh", "-c", "echo build >> order; cat in.txt > out.txt"]
depends = ["lint"]
inputs = ["in.txt"]
outputs = ["out.txt"]

[tasks.broken]
run = "true"
depends = ["fails"]
`;

for (const haft of everyHaft) {
  Deno.test(`${haft.name}: task start and wait are two lines for a script, with the task's own exit code; logs, list and status tell the rest`, async () => {
    await using daemon = await project(haft, MANIFEST);
    const good = await start(daemon, "hello");
    assertEquals((await daemon.run("task", "wait", good)).code, 0);
    assertEquals((await daemon.run("task", "logs", good)).stdout, "hello from it\noops\n");
    const bad = await start(daemon, "fails");
    assertEquals((await daemon.run("task", "wait", bad, good)).code, 7);
    const { stdout } = await daemon.run("task", "list");
    assertMatch(stdout, new RegExp(`^${bad} +fails +failed .*\n${good} +hello +completed`));
    assertStringIncludes((await daemon.run("task", "status", bad)).stdout, "It ended with code 7");
  });
}

Deno.test("task wait and logs say why a task was not completed, also when it could not begin", async () => {
  const tasks = '[tasks.nocmd]\nrun = ["nosuchprog"]\n[tasks.nocwd]\nrun = "true"\ncwd = "x"\n';
  await using daemon = await project(binary, tasks + MANIFEST);
  const where = join(daemon.sandbox.project, "x");
  for (
    const [name, exitCode, reason] of [
      [
        "nocmd",
        127,
        'failed: Cannot run "nosuchprog": ENOENT, it is in no directory of its PATH\nCorrect the name',
      ],
      ["nocwd", 1, `failed: Cannot run in "${where}": ENOENT, it does not exist\nMake the directory`],
      ["fails", 7, "failed: It ended with code 7\n"],
      ["limited", 124, "timed out\n"],
    ] as const
  ) {
    const id = await start(daemon, name);
    const text = `Task ${id} (${name}): ${reason}`;
    const { code, stderr } = await daemon.run("task", "wait", id);
    assertEquals([code, stderr.slice(0, text.length)], [exitCode, text]);
    const json = await daemon.run("task", "wait", "--json", id);
    assertEquals([json.code, json.stderr], [exitCode, ""]);
    if (name !== "fails") assertStringIncludes((await daemon.run("task", "logs", id)).stderr, text);
    assertEquals((await daemon.run("task", "logs", "-f", id)).stderr, stderr);
  }
  const good = await start(daemon, "hello");
  assertEquals((await daemon.run("task", "wait", good)).stderr, "");
});

Deno.test("task run follows in front; dependencies come first, and what depends on a failure is not run", async () => {
  await using daemon = await project(binary, MANIFEST);
  writeFileSync(join(daemon.sandbox.project, "in.txt"), "one");
  const { code, stdout } = await daemon.run("task", "run", "build", "hello");
  assertEquals(code, 0);
  assertStringIncludes(stdout, "hello | hello from it\n");
  const order = () => readFileSync(join(daemon.sandbox.project, "order"), "utf8").trim().split("\n");
  assertEquals(order(), ["lint", "build"]);
  const broken = await daemon.run("task", "run", "broken");
  assertEquals(broken.code, 7);
  assertStringIncludes(broken.stderr, "broken is not run: what it depends on was not completed");
});

Deno.test("a task whose inputs and outputs are as they were is not run again, and says so", async () => {
  await using daemon = await project(binary, MANIFEST);
  const input = join(daemon.sandbox.project, "in.txt");
  const output = join(daemon.sandbox.project, "out.txt");
  writeFileSync(input, "one");
  const run = async () => (await daemon.run("task", "run", "build")).stderr;
  assertStringIncludes(await run(), "build: completed");
  assertStringIncludes(await run(), "build: nothing had changed");
  const skipped = await start(daemon, "build");
  assertEquals((await daemon.run("task", "wait", skipped)).code, 0);
  const logs = await daemon.run("task", "logs", skipped);
  assertEquals(logs.stderr, `The log of ${skipped} is empty: nothing had changed\n`);
  writeFileSync(input, "two");
  assertStringIncludes(await run(), "build: completed");
  assertEquals(readFileSync(output, "utf8"), "two");
  writeFileSync(output, "damaged");
  assertStringIncludes(await run(), "build: completed");
  assertEquals(readFileSync(output, "utf8"), "two");
});

Deno.test("cancel, a time limit and Ctrl-C end all that a task started; resume runs it again", async () => {
  await using daemon = await project(binary, MANIFEST);
  const slow = await start(daemon, "slow");
  const pid = await running(daemon, slow);
  assertStringIncludes((await daemon.run("task", "cancel", slow)).stdout, "  cancelled");
  assertEquals(isGone(pid), true);
  assertEquals((await daemon.run("task", "wait", slow)).code, 130);
  const limited = await start(daemon, "limited");
  assertEquals((await daemon.run("task", "wait", limited)).code, 124);
  assertStringIncludes((await daemon.run("task", "resume", slow)).stdout, "attempt 2");
  const again = await running(daemon, slow);
  assertStringIncludes((await daemon.run("task", "close", slow)).stdout, "closed");
  await untilGone(again);
  assertEquals((await daemon.run("task", "wait", slow)).code, 4);
  let interrupted = false;
  const { code } = await daemon.sandbox.run(binary, {
    args: ["task", "run", "--", "sh", "-c", "echo begun; sleep 600"],
    ownGroup: true,
    onOutput: ({ pid, stdout }) => {
      if (interrupted || !stdout.includes("begun")) return;
      interrupted = true;
      process.kill(pid, "SIGINT");
    },
  });
  assertEquals(code, 130);
  const { tasks: [last] } = await daemon.call("task.list", { cwd: daemon.sandbox.project }) as {
    tasks: TaskInfo[];
  };
  assertEquals([last?.name, last?.state, last?.reason], [null, "aborted", "cancelled"]);
});

Deno.test("a started task that waits says why, and [daemon] tasks sets how many run at a time", async () => {
  await using daemon = await project(binary, MANIFEST);
  await givePlaces(daemon, 1);
  const first = await start(daemon, "slow");
  const queued = await daemon.run("task", "start", "slow");
  const second = queued.stdout.trim();
  assertEquals(queued.stderr.split("\n").length, 2);
  assertMatch(queued.stderr, new RegExp(`^Task ${second} is queued behind 1 running task; .*config\\.toml`));
  const list = await daemon.run("task", "list");
  assertMatch(list.stdout, new RegExp(`^${second} +slow +queued \\(behind 1 running task\\)`, "m"));
  const tasks = JSON.parse((await daemon.run("task", "list", "--json")).stdout) as TaskInfo[];
  assertEquals(tasks.map(({ waiting }) => waiting ?? null), ["behind 1 running task", null]);
  assertMatch((await daemon.run("task", "status", second)).stdout, /queued \(behind 1 running task\)/);

  await daemon.run("config", "set", "daemon.tasks", "2");
  const { pid } = await daemon.call("daemon.status") as { pid: number };
  process.kill(pid, "SIGHUP");
  await running(daemon, second);
  await daemon.run("task", "cancel", first, second);
});

Deno.test("tasks over the limit wait their turn, and a queued one can be cancelled before it ran", async () => {
  await using daemon = await project(binary, MANIFEST);
  await givePlaces(daemon, 2);
  const ids = [];
  for (let n = 0; n < 4; n++) {
    ids.push(await (n < 2 ? start : startQueued)(daemon, "slow"));
  }
  const [last = ""] = ids.slice(-1);
  assertEquals((await task(daemon, last)).state, "queued");
  await daemon.run("task", "cancel", last);
  const { state, reason, started_at: began } = await task(daemon, last);
  assertEquals([state, reason, began], ["aborted", "cancelled", null]);
  await daemon.run("task", "cancel", ...ids);
});

Deno.test("after kill -9 the next daemon goes on with the command that runs, and with those that wait, in their order", async () => {
  await using daemon = await project(
    binary,
    `${MANIFEST}
[tasks.numbered]
run = ["sh", "-c", 'echo "$HAFT_TASK_ID" >> numbered']
`,
  );
  await givePlaces(daemon, 2);
  const slow = [];
  for (let n = 0; n < 2; n++) slow.push(await start(daemon, "slow"));
  const pids = await Promise.all(slow.map((id) => running(daemon, id)));
  const [one, two, done] = [
    await startQueued(daemon, "numbered"),
    await startQueued(daemon, "numbered"),
    await startQueued(daemon, "hello"),
  ];
  const waiting = [one, two];
  await daemon.run("task", "cancel", done);
  await killDaemon(daemon);
  assertEquals(await Promise.all(slow.map((id) => running(daemon, id))), pids);
  const states = await Promise.all(
    [...slow, ...waiting, done].map(async (id) => (await task(daemon, id)).state),
  );
  assertEquals(states, [...slow.map(() => "running"), "queued", "queued", "aborted"]);
  // There is no more room for those that wait than before.
  await daemon.run("task", "cancel", slow[0] ?? "");
  for (const id of waiting) assertEquals((await ended(daemon, id)).state, "completed");
  const order = readFileSync(join(daemon.sandbox.project, "numbered"), "utf8").trim().split("\n");
  assertEquals(order.toSorted(), waiting.toSorted());
  await daemon.run("task", "cancel", ...slow);
  for (const pid of pids) await untilGone(pid);
});

Deno.test("daemon restart leaves a running command and those that wait to the next daemon; daemon stop ends them", async () => {
  await using daemon = await project(binary, MANIFEST);
  await givePlaces(daemon, 2);
  const slow = [];
  for (let n = 0; n < 2; n++) slow.push(await start(daemon, "slow"));
  const pids = await Promise.all(slow.map((id) => running(daemon, id)));
  const waiting = await startQueued(daemon, "hello");
  assertEquals((await daemon.run("daemon", "restart")).code, 0);
  assertEquals(await Promise.all(slow.map((id) => running(daemon, id))), pids);
  assertEquals((await task(daemon, waiting)).state, "queued");
  await daemon.run("task", "cancel", slow[0] ?? "");
  assertEquals((await ended(daemon, waiting)).state, "completed");
  await daemon.run("daemon", "stop");
  for (const pid of pids) await untilGone(pid);
  const { state, reason } = await task(daemon, slow[1] ?? "");
  assertEquals([state, reason], ["aborted", "lost"]);
});

Deno.test("an adopted command that ends is lost, once, and can be resumed: its exit code is unknown", async () => {
  await using daemon = await project(
    binary,
    `[tasks.waits]
run = ["sh", "-c", "while [ ! -e go ]; do sleep 0.02; done; echo went on"]
`,
  );
  await daemon.start();
  await finalsOf(daemon, "test", "");
  const id = await start(daemon, "waits");
  await running(daemon, id);
  await killDaemon(daemon);
  await killDaemon(daemon);
  writeFileSync(join(daemon.sandbox.project, "go"), "");
  const { state, reason, exit_code: code, error } = await ended(daemon, id);
  assertEquals([state, reason, code], ["aborted", "lost", null]);
  assertStringIncludes(error ?? "", "its exit code is unknown");
  assertEquals((await daemon.run("task", "logs", id)).stdout, "went on\n");
  await daemon.run("task", "resume", id);
  assertEquals((await ended(daemon, id)).state, "completed");
  assertEquals(await finalsOf(daemon, "test", id), ["task.aborted", "task.completed"]);
});

Deno.test("an adopted command that says its result on its channel, connecting anew, is completed", async () => {
  await using daemon = await project(
    binary,
    `[tasks.talks]
run = ["${Deno.execPath()}", "run", "-A", "--no-config", "talks.ts"]
`,
  );
  writeFileSync(
    join(daemon.sandbox.project, "talks.ts"),
    `while (!(await Deno.stat("go").catch(() => false))) await new Promise((r) => setTimeout(r, 20));
     const socket = await Deno.connect({ transport: "unix", path: Deno.env.get("HAFT_IPC_CHANNEL")! });
     await socket.write(new TextEncoder().encode('{"type":"event","event":"result","data":{"n":42}}\\n'));
     await socket.read(new Uint8Array(1));`,
  );
  const id = await start(daemon, "talks");
  await running(daemon, id);
  await killDaemon(daemon);
  writeFileSync(join(daemon.sandbox.project, "go"), "");
  await until(() => task(daemon, id), "it has a result", { passes: ({ result }) => result !== null });
  const { pid } = await task(daemon, id);
  process.kill(pid ?? NaN, "SIGTERM");
  const { state, exit_code: code, result } = await ended(daemon, id);
  assertEquals([state, code, result], ["completed", null, { n: 42 }]);
});

Deno.test("a command that ended while no daemon ran is lost, and what it left behind is stopped", async () => {
  await using daemon = await project(
    binary,
    `[tasks.leaves]
run = ["sh", "-c", "sleep 600 & echo $! > left; while [ ! -e go ]; do sleep 0.02; done"]
`,
  );
  const id = await start(daemon, "leaves");
  const pid = await running(daemon, id);
  const file = join(daemon.sandbox.project, "left");
  await until(() => existsSync(file) && readFileSync(file, "utf8"), `${file} is written`);
  await killDaemon(daemon, async () => {
    writeFileSync(join(daemon.sandbox.project, "go"), "");
    await untilGone(pid);
  });
  const { state, reason, error } = await ended(daemon, id);
  assertEquals([state, reason, error], ["aborted", "lost", "It ended while no daemon watched it"]);
  await untilGone(Number(readFileSync(file, "utf8")));
});

Deno.test("a durable subscriber gets every end at least once, in order, also those that came while nobody looked and before a restart", async () => {
  await using daemon = await project(binary, MANIFEST);
  await daemon.start();
  const finals = async (wait = 0) =>
    (await daemon.call("task.finals", { durable: "ci", wait }))["events"] as {
      id: number;
      type: string;
      data: { id: string };
    }[];
  assertEquals(await finals(), []);
  const good = await start(daemon, "hello");
  const [first] = await finals(20);
  assertEquals([first?.type, first?.data.id], ["task.completed", good]);
  assertEquals((await finals()).length, 1);
  await daemon.call("task.ack", { durable: "ci", id: first?.id ?? 0 });
  const bad = await start(daemon, "fails");
  await daemon.run("task", "wait", bad);
  await daemon.run("daemon", "restart");
  const [second, more] = await finals();
  assertEquals([second?.type, second?.data.id, more], ["task.aborted", bad, undefined]);
});

Deno.test("a task that fails is tried again, as often and as late as its manifest says", async () => {
  await using daemon = await project(
    binary,
    `[tasks.flaky]\nrun = ["sh", "-c", "echo try >> tries; [ $(wc -l < tries) = 3 ]"]\nretries = 2\nretry_delay = "10ms"\n`,
  );
  const id = await start(daemon, "flaky");
  assertEquals((await daemon.run("task", "wait", id)).code, 0);
  assertEquals((await task(daemon, id)).attempt, 3);
  // A resumed one has as many tries as the first: the fourth and the fifth fail, and the sixth is as the
  // third was.
  writeFileSync(join(daemon.sandbox.project, "tries"), "");
  await daemon.run("task", "resume", id);
  assertEquals((await daemon.run("task", "wait", id)).code, 0);
  assertEquals((await task(daemon, id)).attempt, 6);
});

const BACKEND = JSON.stringify([
  process.execPath,
  "run",
  "-A",
  "--quiet",
  join(projectRoot, "tests", "support", "fake_backend.ts"),
]);

Deno.test("a backend's task hands over text, images and configuration, and gives its result; a dying backend fails it", async () => {
  await using daemon = await project(
    binary,
    `[backends.agent]\ncommand = ${BACKEND}\n[tasks.ask]\nbackend = "agent"\nmethod = "echo"\n[tasks.die]\nbackend = "agent"\nmethod = "die"\n`,
  );
  const id = await start(
    daemon,
    "ask",
    "--text",
    "hi",
    "--image",
    "a.png,b.png",
    "--config",
    '{"mode":"fast"}',
  );
  assertEquals((await daemon.run("task", "wait", id)).code, 0);
  const { result } = await task(daemon, id) as { result: Record<string, unknown> };
  assertEquals([result["text"], result["images"], result["configuration"], result["resume"]], [
    "hi",
    ["a.png", "b.png"],
    { mode: "fast" },
    false,
  ]);
  const dying = await start(daemon, "die");
  assertEquals((await daemon.run("task", "wait", dying)).code, 1);
  assertEquals((await task(daemon, dying)).reason, "failed");
});

Deno.test("a command speaks over its channel, hears what it is told, and finds its input in a file that is gone afterwards", async () => {
  const script = `
import json, os, socket
task = json.load(open(os.environ["HAFT_TASK_INPUT"]))
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["HAFT_IPC_CHANNEL"]); f = s.makefile("rwb")
def say(event, data): f.write((json.dumps({"type": "event", "event": event, "data": data}) + "\\n").encode()); f.flush()
say("message", {"text": "got " + task["text"]})
said = json.loads(f.readline())
say("result", {"heard": said["data"]["text"], "input": os.environ["HAFT_TASK_INPUT"]})
`;
  await using daemon = await project(binary, `[tasks.talk]\nrun = ["python3", "talk.py"]\n`);
  writeFileSync(join(daemon.sandbox.project, "talk.py"), script);
  const id = await start(daemon, "talk", "--text", "a question");
  const messages = async () =>
    (await daemon.call("task.status", { id }))["messages"] as { from: string; data: unknown }[];
  await until(async () => (await messages()).length, "a message comes");
  assertEquals((await messages())[0]?.data, { text: "got a question" });
  assertEquals((await daemon.run("task", "send", id, "an answer")).code, 0);
  assertEquals((await daemon.run("task", "wait", id)).code, 0);
  const { result } = await task(daemon, id) as { result: { heard: string; input: string } };
  assertEquals(result.heard, "an answer");
  assertEquals(existsSync(result.input), false);
});

Deno.test("whoever starts a task hears of it without a subscription, and nothing of an untrusted manifest is run", async () => {
  await using daemon = await project(binary, MANIFEST);
  await daemon.start();
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `(printf '{"type":"request","id":"1","method":"task.start","data":{"cwd":"%s","name":"hello"}}\\n' "$PWD"; sleep 1) |
       python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.readline())
text = b""
while b"task.completed" not in text: text += s.recv(65536)
print(text.decode())' ${daemon.socket}`,
  );
  const events = [...stdout.matchAll(/"event":"(task\.[a-z]+)"/g)].map(([, name]) => name);
  assertEquals(events.slice(0, 3), ["task.created", "task.queued", "task.started"]);
  assert(stdout.includes('"relay_client_id"'));
  daemon.sandbox.manifest(`${MANIFEST}\n[tasks.new]\nrun = "true"\n`);
  const untrusted = await daemon.run("task", "start", "new");
  assertEquals(untrusted.code, 1);
  assertStringIncludes(untrusted.stderr, "is not trusted since it changed, and its [tasks] can run code");
  daemon.sandbox.manifest('[tasks.a]\nrun = "x"\ndepends = ["b"]\n[tasks.b]\nrun = "x"\ndepends = ["a"]\n');
  assertStringIncludes((await daemon.run("task", "run", "a")).stderr, "in a circle: a → b → a");
});

Deno.test("more tasks than one answer holds are listed and waited for; an answer is never too large to be sent", async () => {
  await using daemon = await project(binary, MANIFEST);
  await daemon.start();
  await using asking = await client(daemon);
  const ids: string[] = [];
  for (let n = 0; n < 520; n++) {
    const { id } = await asking.request("task.start", {
      cwd: daemon.sandbox.project,
      command: ["true"],
      text: "x".repeat(n < 5 ? 200_000 : 1_000),
    }) as { id: string };
    ids.push(id);
  }
  assertEquals((await daemon.run("task", "wait", ...ids)).code, 0);
  const list = async (...args: string[]) =>
    (JSON.parse((await daemon.run("task", "list", "--json", ...args)).stdout) as TaskInfo[]).map(({ id }) =>
      id
    );
  assertEquals((await list("--lines", "9999")).toReversed(), ids);
  assertEquals(await list("--lines", "3"), ids.slice(-3).toReversed());
  assertEquals((await list()).length, 100);
  const { stderr } = await daemon.run("ipc-send", "task.list", `cwd=${daemon.sandbox.project}`, "limit=501");
  assertStringIncludes(stderr, "limit");
});
