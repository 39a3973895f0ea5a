/** A project of thousands of apps and tasks: its answers are larger than a frame. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { LineClient } from "../faults/line_client.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

const APPS = 1_000;
const TASKS = 4_000;

function manifest(): string {
  const apps = Array.from({ length: APPS }, (_, n) => `[apps.a${n}]\ncommand = "sleep 1000"\n`);
  const tasks = Array.from({ length: TASKS }, (_, n) => `t${n} = "true"\n`);
  return `[tasks]\n${tasks.join("")}${apps.join("")}`;
}

Deno.test("thousands of apps and tasks are listed; a client that takes no parts hears what to do", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  daemon.sandbox.manifest(manifest());
  const { project: cwd } = daemon.sandbox;
  const { stdout, stderr } = await daemon.run("app", "status", "--json");
  assertEquals([JSON.parse(stdout).length, stderr], [APPS, ""]);
  const { tasks } = await daemon.call("project.tasks", { cwd });
  assertEquals(Array.isArray(tasks) && tasks.length, TASKS);

  // As a stranger's client has it, from docs/protocol.md alone.
  using client = await LineClient.connect(daemon.socket);
  const refused = (await client.ask("app.status", { cwd }))?.["error"] as { message: string; data: unknown };
  assertStringIncludes(refused.message, "The answer cannot be sent");
  assertStringIncludes(JSON.stringify(refused.data), "parts");
  await client.ask("hello", { client: "test", protocol: [1, 1], capabilities: ["parts"] });
  client.send(
    { type: "request", id: "large", method: "app.status", data: { cwd } },
    { type: "request", id: "small", method: "daemon.ping" },
  );
  let text = "";
  let parts = 0;
  const ends: unknown[] = [];
  while (ends.length < 2) {
    const message = await client.next();
    if (message?.["type"] === "part") {
      assertEquals([message["id"], message["index"]], ["large", parts++]);
      text += message["data"];
    } else ends.push([message?.["id"], message?.["parts"]]);
  }
  assertEquals(ends, [["small", undefined], ["large", parts]]);
  assertEquals(JSON.parse(text).apps.length, APPS);
});
