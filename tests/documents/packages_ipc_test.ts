/** The document on packages/ipc, promise by promise, with a client that was written from it alone. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DaemonSandbox } from "../e2e/daemon_sandbox.ts";
import { binary } from "../e2e/support.ts";
import { FrameClient } from "./clients/packages_ipc_client.ts";

const MANIFEST = '[tasks.agent]\nrun = ["sh", "-c", "exec sleep 600"]\n';

/** A daemon whose settings name an endpoint of this dialect and the task "agent". */
async function serving(dialect: string, { manifest = MANIFEST, settings = "" } = {}) {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  const path = join(daemon.sandbox.root, "run", "haft", `${dialect}.sock`);
  mkdirSync(join(daemon.sandbox.haftHome, "config"), { recursive: true });
  writeFileSync(
    join(daemon.sandbox.haftHome, "config", "config.toml"),
    `[daemon]\nlisten = { ${dialect} = "${path}" }\n[daemon.roo]\ntask = "agent"\ncwd = "${daemon.sandbox.project}"\n${settings}`,
  );
  await daemon.start();
  return { daemon, path };
}

const start = { commandName: "StartNewTask", data: { configuration: {}, text: "go" } };

async function stateOf(daemon: DaemonSandbox, id: string): Promise<string> {
  const { task } = await daemon.call("task.status", { id }) as { task: { state: string } };
  return task.state;
}

Deno.test("CancelTask and CloseTask mean the task that they name, whichever client started it", async () => {
  const { daemon, path } = await serving("roo");
  await using _ = daemon;
  using first = await FrameClient.connect(path);
  using second = await FrameClient.connect(path);
  first.command(start);
  const a = await first.started();
  first.command(start);
  const b = await first.started();
  second.command({ commandName: "CancelTask", data: a });
  assertEquals(await second.until("taskAborted"), [a]);
  assertEquals([await stateOf(daemon, a), await stateOf(daemon, b)], ["aborted", "running"]);
  second.command({ commandName: "CloseTask", data: b });
  assertEquals(await second.until("taskAborted"), [b]);
});

Deno.test("an unknown id aborts nothing, and the client that named it hears why", async () => {
  const { daemon, path } = await serving("roo");
  await using _ = daemon;
  using client = await FrameClient.connect(path);
  using other = await FrameClient.connect(path);
  client.command(start);
  const id = await client.started();
  for (const unknown of ["0123456789ab", "no such task", "x".repeat(10_000)]) {
    client.command({ commandName: "CancelTask", data: unknown });
    const [{ message }] = await client.until("message");
    assertStringIncludes(message.text, `There is no task ${unknown.slice(0, 90)}`);
    assertEquals(message.text.length < 200, true);
  }
  other.command({ commandName: "CancelTask" });
  assertStringIncludes((await other.until("message"))[0].message.text, "This client has no task");
  assertEquals(await stateOf(daemon, id), "running");
  client.command({ commandName: "CancelTask" });
  assertEquals(await client.until("taskAborted"), [id]);
});
