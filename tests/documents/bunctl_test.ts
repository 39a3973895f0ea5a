/** bunctl-ipc's manual, promise by promise, with a client that was written from it alone. */
import { assertEquals } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DaemonSandbox } from "../e2e/daemon_sandbox.ts";
import { documented } from "../e2e/support.ts";
import { listening } from "../e2e/dialect_sandbox.ts";
import { ManualBunctlClient } from "./clients/bunctl_client.ts";

const subscribe = (kind: string) => ({ Subscribe: { subscription: { [kind]: { app_name: null } } } });
const startApp = (name: string, command: string, more: Record<string, unknown> = {}) => ({
  Start: { name, config: JSON.stringify({ name, command, ...more }) },
});

/** Events until one of this type has come; other answers are left aside. */
async function untilEvent(client: ManualBunctlClient, type: string): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const { Event: event } = await client.recv();
    if (event === undefined) continue;
    seen.push(event.event_type);
    if (event.event_type === type) return seen;
  }
}

Deno.test("a client that subscribes and then only reads gets its events", async () => {
  const { daemon, path } = await listening("bunctl", { haft: documented });
  await using _ = daemon;
  using watcher = new ManualBunctlClient(path);
  watcher.send(subscribe("StatusEvents"));
  assertEquals(await watcher.recv(), { Success: { message: "Subscribed to events" } });
  using other = new ManualBunctlClient(path);
  other.send(startApp("api", "sleep 600"));
  const seen = await untilEvent(watcher, "process_started");
  assertEquals(seen.includes("status_change"), true);
});

Deno.test("a client that asks right after it subscribed reads the answer before any event", async () => {
  const { daemon, path } = await listening("bunctl", { haft: documented });
  await using _ = daemon;
  using client = new ManualBunctlClient(path);
  client.send(startApp("chatty", "sh", { args: ["-c", "while :; do echo line; sleep 0.01; done"] }));
  assertEquals(await client.recv(), { Success: { message: "Started app chatty" } });
  client.send(subscribe("AllEvents"));
  client.send("List");
  assertEquals(await client.recv(), { Success: { message: "Subscribed to events" } });
  assertEquals(await client.recv(), { Data: { data: ["chatty"] } });
  await untilEvent(client, "log_line");
});

Deno.test("process_exited says a normal end, process_crashed any other", async () => {
  const { daemon, path } = await listening("bunctl", { haft: documented });
  await using _ = daemon;
  for (
    const [command, args, expected] of [
      ["true", [], "process_exited"],
      ["sh", ["-c", "exit 3"], "process_crashed"],
    ] as const
  ) {
    using client = new ManualBunctlClient(path);
    client.send(subscribe("StatusEvents"));
    await client.recv();
    client.send(startApp(`once-${expected}`, command, { args, restart_policy: "no" }));
    const seen = await untilEvent(client, expected);
    assertEquals(seen.filter((type) => type === "process_exited" || type === "process_crashed"), [expected]);
  }
  using client = new ManualBunctlClient(path);
  client.send(startApp("long", "sleep 600", { restart_policy: "no" }));
  await client.recv();
  client.send(subscribe("StatusEvents"));
  await client.recv();
  client.send({ Stop: { name: "long" } });
  const seen = await untilEvent(client, "process_exited");
  assertEquals(seen.includes("process_crashed"), false);
});

Deno.test("without a path bunctl is spoken at $BUNCTL_SOCKET, else in the runtime directory", async () => {
  for (const named of [undefined, "own.sock"]) {
    await using daemon = await DaemonSandbox.create(documented);
    const run = join(daemon.sandbox.root, "run");
    const path = join(run, named ?? "bunctl.sock");
    const { code, stderr } = await daemon.sandbox.run(daemon.haft, {
      args: ["daemon", "start", "--listen", "bunctl"],
      ...(named === undefined ? {} : { env: { BUNCTL_SOCKET: path } }),
    });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    using client = new ManualBunctlClient(path);
    client.send("List");
    assertEquals(await client.recv(), { Data: { data: [] } });
  }
});

Deno.test("the settings may say socket_path, and a dialect without a path", async () => {
  await using daemon = await DaemonSandbox.create(documented);
  const run = join(daemon.sandbox.root, "run");
  mkdirSync(join(daemon.sandbox.haftHome, "config"), { recursive: true });
  writeFileSync(
    join(daemon.sandbox.haftHome, "config", "config.toml"),
    `[daemon]\nsocket_path = "${join(run, "mine.sock")}"\nlisten = { bunctl = true }\n`,
  );
  await daemon.start();
  assertEquals((await daemon.call("daemon.status"))["socket"], join(run, "mine.sock"));
  using client = new ManualBunctlClient(join(run, "bunctl.sock"));
  client.send({ Logs: { lines: 5 } });
  assertEquals(await client.recv(), { Data: { data: { type: "all", apps: [] } } });
});

Deno.test("List is answered with apps, as the manual has it, at an endpoint of the dialect bunctl-ipc", async () => {
  const { daemon, path } = await listening("bunctl-ipc", { haft: documented });
  await using _ = daemon;
  using client = new ManualBunctlClient(path);
  client.send(startApp("api", "sleep 600"));
  assertEquals(await client.recv(), { Success: { message: "Started app api" } });
  client.send("List");
  assertEquals(await client.recv(), { Data: { data: { apps: ["api"] } } });
});

Deno.test("Logs and Status without a name are about all apps, with a name about that one, after it ended too", async () => {
  const { daemon, path } = await listening("bunctl", { haft: documented });
  await using _ = daemon;
  using client = new ManualBunctlClient(path);
  client.send(subscribe("StatusEvents"));
  await client.recv();
  client.send(
    startApp("once", "sh", { args: ["-c", "echo one; echo two; echo three"], restart_policy: "no" }),
  );
  await untilEvent(client, "process_exited");
  client.send("Unsubscribe");
  while ((await client.recv()).Success?.message !== "Unsubscribed from events");
  client.send({ Logs: { lines: 2 } });
  const all = (await client.recv()).Data.data;
  assertEquals([all.type, all.apps[0][0], all.apps[0][1].errors], ["all", "once", []]);
  assertEquals(all.apps[0][1].output.map((line: string) => line.split("] ").at(-1)), ["two", "three"]);
  client.send({ Logs: { name: "once", lines: 1 } });
  const single = (await client.recv()).Data.data;
  assertEquals([single.type, single.app, single.logs.output.length], ["single", "once", 1]);
  client.send({ Status: {} });
  const [status] = (await client.recv()).Data.data;
  assertEquals([status.name, status.state, status.last_exit_code], ["once", "Stopped", 0]);
  client.send({ Status: { name: "once" } });
  assertEquals((await client.recv()).Data.data.name, "once");
});
