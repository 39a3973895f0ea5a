/** Tasks that are told two things at once, and clients that come and go meanwhile. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RequestError } from "../../src/protocol/wire_error.ts";
import type { TaskInfo } from "../../src/protocol/methods/task_methods.ts";
import { until } from "../support/until.ts";
import { binary } from "./support.ts";
import { client, ended, finalsOf, project, running, start, task } from "./task_sandbox.ts";

const FOREVER = `[tasks.slow]\nrun = "sleep 600"\n`;

Deno.test("a cancel that races the end: whoever comes first, there is exactly one final event, and the state that it tells", async () => {
  await using daemon = await project(binary, "");
  await daemon.start();
  await using asking = await client(daemon);
  const finals: { id: string; type: string }[] = [];
  asking.onEvent(({ event = "", data, seq }) => {
    // Those without a number are this client's own copies.
    if (seq !== undefined) finals.push({ id: (data as { id: string }).id, type: event });
  });
  await asking.request("events.subscribe", { types: ["task.completed", "task.aborted"] });
  const seen = new Set<string>();
  const ids: string[] = [];
  for (let round = 0; round < 120; round++) {
    const { id } = await asking.request("task.start", {
      cwd: daemon.sandbox.project,
      command: ["sh", "-c", `sleep 0.00${round % 5}`],
    }) as TaskInfo;
    ids.push(id);
    // Later from round to round, until one was over first: how long a command takes depends on the machine.
    await delay(seen.has("completed") ? round % 12 : round * 2);
    // Twice, as impatient people do.
    const [{ state }] = await Promise.all([1, 2].map(() => asking.request("task.cancel", { id }))) as [
      TaskInfo,
    ];
    seen.add(state);
  }
  await asking.request("daemon.ping", {});
  const told = ids.map((id) => finals.filter((final) => final.id === id).map(({ type }) => type));
  assertEquals(told.filter((types) => types.length !== 1), []);
  for (const [at, id] of ids.entries()) {
    const { state } = await task(daemon, id);
    assertEquals(told[at], [`task.${state}`]);
    if (at > 10) break;
  }
  // Both happened, or nothing was raced.
  assertEquals([...seen].sort(), ["aborted", "completed"]);
});

Deno.test("what cannot be is refused with what it is: an id that nobody has, a task that runs, one that is over", async () => {
  await using daemon = await project(binary, FOREVER);
  await daemon.start();
  await using asking = await client(daemon);
  const unknown = { id: "0123456789ab" };
  for (const method of ["task.close", "task.cancel", "task.resume", "task.status"]) {
    await assertRejects(
      () => asking.requestAny(method, unknown),
      RequestError,
      "There is no task 0123456789ab",
    );
  }
  const id = await start(daemon, "slow");
  await running(daemon, id);
  await assertRejects(
    () => asking.request("task.resume", { id }),
    RequestError,
    "is running, and cannot be resumed",
  );
  await asking.request("task.cancel", { id });
  await assertRejects(
    () => asking.request("task.send", { id, text: "x" }),
    RequestError,
    "cannot receive messages",
  );
  await asking.request("task.close", { id });
  await assertRejects(() => asking.request("task.status", { id }), RequestError, "There is no task");
  const { stderr, code } = await daemon.run("task", "close", id);
  assert(code !== 0 && stderr.includes(`There is no task ${id}`), stderr);
});

Deno.test("two clients that start the same task at once start two, and each hears of its own", async () => {
  await using daemon = await project(binary, `[tasks.hi]\nrun = "true"\n`);
  await daemon.start();
  await using one = await client(daemon);
  await using other = await client(daemon);
  const heard = new Map([[one, [] as string[]], [other, [] as string[]]]);
  for (const [who, ids] of heard) {
    who.onEvent(({ event, data }) => {
      if (event === "task.completed") ids.push((data as { id: string }).id);
    });
  }
  const begin = (who: typeof one) =>
    who.request("task.start", { cwd: daemon.sandbox.project, name: "hi" }) as Promise<TaskInfo>;
  const [first, second] = await Promise.all([begin(one), begin(other)]);
  assert(first.id !== second.id);
  await one.request("task.wait", { ids: [first.id, second.id] });
  await Promise.all([one, other].map((who) => who.request("daemon.ping", {})));
  assertEquals([heard.get(one), heard.get(other)], [[first.id], [second.id]]);
});

Deno.test("a client that goes in the middle leaves its task running to its own end, which is kept", async () => {
  await using daemon = await project(
    binary,
    `[tasks.waits]\nrun = ["sh", "-c", "while [ ! -e go ]; do sleep 0.02; done; echo done > result"]\n`,
  );
  await daemon.start();
  await finalsOf(daemon, "test", "");
  let id = "";
  {
    await using asking = await client(daemon);
    ({ id } = await asking.request("task.start", { cwd: daemon.sandbox.project, name: "waits" }) as TaskInfo);
    await running(daemon, id);
  }
  assertEquals((await task(daemon, id)).state, "running");
  writeFileSync(join(daemon.sandbox.project, "go"), "");
  assertEquals((await ended(daemon, id)).state, "completed");
  assertEquals(await finalsOf(daemon, "test", id), ["task.completed"]);
  assertEquals(readFileSync(join(daemon.sandbox.project, "result"), "utf8"), "done\n");
});

Deno.test("tasks that depend on each other in a circle are refused with the circle, and nothing of them is run", async () => {
  await using daemon = await project(
    binary,
    `[tasks.a]\nrun = "touch ran"\ndepends = ["b"]\n[tasks.b]\nrun = "touch ran"\ndepends = ["c"]\n[tasks.c]\nrun = "touch ran"\ndepends = ["a"]\n`,
  );
  for (const action of ["run", "start"]) {
    const { code, stderr } = await daemon.run("task", action, "a");
    assert(code !== 0 && stderr.includes("a → b → c → a"), stderr);
  }
  assertEquals(existsSync(join(daemon.sandbox.project, "ran")), false);
});

Deno.test("what a command says just before it ends is heard, however much it is: no result is lost", async () => {
  await using daemon = await project(
    binary,
    `[tasks.says]\nrun = ["python3", "says.py"]\n[tasks.much]\nrun = ["python3", "says.py"]\nargs = ["20000"]\n`,
  );
  writeFileSync(
    join(daemon.sandbox.project, "says.py"),
    `import os, socket, sys
count = int((sys.argv + ["0"])[1])
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["HAFT_IPC_CHANNEL"])
said = [b'{"type":"event","event":"message","data":%d}' % n for n in range(count)]
s.sendall(b"\\n".join(said + [b'{"type":"event","event":"result","data":{"count":%d}}' % count, b""]))
os._exit(0)
`,
  );
  await daemon.start();
  await using asking = await client(daemon);
  const run = async (name: string): Promise<unknown> => {
    const { id } = await asking.request("task.start", { cwd: daemon.sandbox.project, name }) as TaskInfo;
    const { tasks: [task] } = await asking.request("task.wait", { ids: [id] }) as { tasks: TaskInfo[] };
    return task?.result;
  };
  for (let round = 0; round < 60; round++) assertEquals(await run("says"), { count: 0 });
  for (let round = 0; round < 5; round++) assertEquals(await run("much"), { count: 20_000 });
});

Deno.test("a command that never stops talking keeps nobody else waiting, and nobody from cancelling it", async () => {
  await using daemon = await project(binary, `[tasks.chatters]\nrun = ["python3", "chatters.py"]\n`);
  writeFileSync(
    join(daemon.sandbox.project, "chatters.py"),
    `import os, socket
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["HAFT_IPC_CHANNEL"])
while True: s.sendall(b'{"type":"event","event":"message","data":"x"}\\n' * 1000)
`,
  );
  await daemon.start();
  await using asking = await client(daemon);
  // Its number, because not all that is said is heard.
  let said = 0;
  asking.onEvent(({ event, data }) => {
    if (event === "task.message") said = (data as { message: { seq: number } }).message.seq;
  });
  const { id } = await asking.request("task.start", {
    cwd: daemon.sandbox.project,
    name: "chatters",
  }) as TaskInfo;
  await until(() => said, "10000 lines have come", { passes: (count) => count >= 10_000 });
  // Each takes its turn between pieces of what is said, so that what is said meanwhile is bounded.
  const before = said;
  for (let n = 0; n < 20; n++) await asking.request("daemon.ping", {});
  assert(said - before < 20 * 5_000, `${said - before} messages in 20 pings`);
  await asking.request("task.cancel", { id });
  const { state, reason } = await task(daemon, id);
  assertEquals([state, reason], ["aborted", "cancelled"]);
});
