import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import process from "node:process";
import nodeIpc from "node-ipc";
import { projectRoot } from "../../scripts/support/project.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { finalsOf } from "./task_sandbox.ts";
import { binary } from "./support.ts";

/** A message of Roo-Code's, as its client gets it. */
interface RooMessage {
  type: string;
  origin: string;
  relayClientId?: string;
  // deno-lint-ignore no-explicit-any
  data: any;
}

/** What packages/ipc does with node-ipc: the real library, unchanged. */
class RooClient implements Disposable {
  readonly #id: string;
  readonly #ipc: InstanceType<typeof nodeIpc.IPC>;
  readonly #received: RooMessage[] = [];
  #wake: () => void = () => {};
  clientId = "";

  constructor(path: string) {
    this.#id = `roo-${crypto.randomUUID()}`;
    this.#ipc = new nodeIpc.IPC();
    this.#ipc.config.silent = true;
    this.#ipc.config.retry = 50;
    this.#ipc.connectTo(this.#id, path, () => {
      this.#ipc.of[this.#id]?.on("message", (message: RooMessage) => {
        if (message.type === "Ack") this.clientId = message.data.clientId;
        this.#received.push(message);
        this.#wake();
      });
    });
  }

  command(commandName: string, data?: unknown): void {
    this.#ipc.of[this.#id]?.emit("message", {
      type: "TaskCommand",
      origin: "client",
      clientId: this.clientId,
      data: { commandName, ...(data === undefined ? {} : { data }) },
    });
  }

  /** The next message that matches; those before it are passed over. */
  async until(matches: (message: RooMessage) => boolean): Promise<RooMessage> {
    for (;;) {
      for (let message = this.#received.shift(); message !== undefined; message = this.#received.shift()) {
        if (matches(message)) return message;
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async event(name: string): Promise<RooMessage> {
    return await this.until(({ type, data }) => type === "TaskEvent" && data.eventName === name);
  }

  async ack(): Promise<RooMessage> {
    return await this.until(({ type }) => type === "Ack");
  }

  [Symbol.dispose](): void {
    this.#ipc.disconnect(this.#id);
  }
}

const BACKEND = JSON.stringify([
  process.execPath,
  "run",
  "-A",
  "--quiet",
  join(projectRoot, "tests", "support", "fake_backend.ts"),
]);

async function roo(manifest: string): Promise<{ daemon: DaemonSandbox; path: string }> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  mkdirSync(join(daemon.sandbox.haftHome, "config"), { recursive: true });
  const path = join(daemon.sandbox.root, "run", "haft", "roo.sock");
  writeFileSync(
    join(daemon.sandbox.haftHome, "config", "config.toml"),
    `[daemon]\nlisten = { roo = "${path}" }\nroo = { task = "agent", cwd = "${daemon.sandbox.project}" }\n`,
  );
  await daemon.start();
  return { daemon, path };
}

Deno.test("a client of node-ipc, unchanged, starts a task with text, follows it, and gets its answers", async () => {
  const { daemon, path } = await roo(
    `[backends.agent]\ncommand = ${BACKEND}\n[tasks.agent]\nbackend = "agent"\nmethod = "echo"\n`,
  );
  await using _ = daemon;
  using client = new RooClient(path);
  const ack = await client.ack();
  assertMatch(ack.data.clientId, /^[0-9a-f]{12}$/);
  assertEquals([ack.origin, typeof ack.data.pid, typeof ack.data.ppid], ["server", "number", "number"]);
  client.command("GetModes");
  assertEquals((await client.event("modesResponse")).data.payload, [[]]);
  client.command("StartNewTask", {
    configuration: { mode: "code" },
    text: "héllo\f",
    images: [],
    newTab: false,
  });
  const created = await client.event("taskCreated");
  const [id] = created.data.payload;
  assertEquals(created.relayClientId, client.clientId);
  assertEquals((await client.event("taskStarted")).data.payload, [id]);
  const completed = await client.event("taskCompleted");
  assertEquals(completed.data.payload, [
    id,
    { totalTokensIn: 0, totalTokensOut: 0, totalCost: 0, contextTokens: 0 },
    {},
    { isSubtask: false },
  ]);
  const { task } = await daemon.call("task.status", { id }) as { task: { result: { text: string } } };
  assertEquals(task.result.text, "héllo\f");
});

Deno.test("it cancels, resumes and closes its task, hears why one failed, and reconnects after the daemon restarted", async () => {
  const { daemon, path } = await roo(
    `[tasks.agent]\nrun = ["sh", "-c", "test -e fail && exit 3; exec sleep 600"]\n`,
  );
  await using _ = daemon;
  using client = new RooClient(path);
  await client.ack();
  client.command("StartNewTask", { configuration: {}, text: "x" });
  const [id] = (await client.event("taskStarted")).data.payload;
  client.command("CancelTask");
  assertEquals((await client.event("taskAborted")).data.payload, [id]);
  assertEquals((await client.event("taskResumable")).data.payload, [id]);
  writeFileSync(join(daemon.sandbox.project, "fail"), "");
  client.command("ResumeTask", id);
  const { data: { payload: [{ taskId, message }] } } = await client.event("message");
  assertEquals([taskId, message.type, message.text], [id, "say", "It ended with code 3"]);
  await client.event("taskAborted");
  client.command("CloseTask");
  // It connects again by itself, as soon as somebody listens.
  const before = client.clientId;
  const { pid } = await daemon.call("daemon.status") as { pid: number };
  process.kill(pid, "SIGKILL");
  await untilGone(pid);
  await daemon.start();
  await client.ack();
  assert(client.clientId !== before);
  client.command("GetCommands");
  assertEquals((await client.event("commandsResponse")).data.payload, [[]]);
});

Deno.test("frames in pieces and garbage do no harm, and an image that is too large is said so with the setting", async () => {
  const { daemon, path } = await roo('[tasks.agent]\nrun = "true"\n');
  await using _ = daemon;
  const socket = createConnection(path);
  socket.setEncoding("utf8");
  let text = "";
  socket.on("data", (more: string) => {
    text += more;
  });
  const said = (part: string) => until(() => text, `it says ${part}`, { passes: () => text.includes(part) });
  await said("Ack");
  const frame = (commandName: string, data: unknown) =>
    `${JSON.stringify({ type: "message", data: { type: "TaskCommand", data: { commandName, data } } })}\f`;
  socket.write("garbage\f{}\f\f");
  await said("needs type TaskCommand");
  socket.write(frame("Explode", null));
  await said("There is no command Explode");
  socket.write(frame("CancelTask", { taskId: "000000000000" }));
  await said("000000000000");
  for (const char of frame("GetModes", null)) socket.write(char);
  await said("modesResponse");
  socket.write(
    frame("StartNewTask", { configuration: {}, text: "", images: [`data:${"x".repeat(5_000_000)}`] }),
  );
  await said("under [daemon]");
  assertStringIncludes(text, "1048576");
  socket.write(frame("GetCommands", null));
  await said("commandsResponse");
  socket.destroy();
});

Deno.test("a client that does not read costs no memory without bounds, and hears how much it missed", async () => {
  const { daemon, path } = await roo(`[tasks.agent]\nrun = ["python3", "says.py"]\n`);
  await using _ = daemon;
  // More than the daemon keeps of all events: 16 MiB.
  writeFileSync(
    join(daemon.sandbox.project, "says.py"),
    `import os, socket
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["HAFT_IPC_CHANNEL"])
for n in range(2500): s.sendall(b'{"type":"event","event":"message","data":{"text":"%s"}}\\n' % (b"x" * 10000))
s.shutdown(socket.SHUT_WR); s.recv(1)
`,
  );
  await finalsOf(daemon, "test", "");
  const client = createConnection(path);
  let events = 0;
  let missed = "";
  const over = Promise.withResolvers<void>();
  let rest = "";
  client.setEncoding("utf8").on("data", (text: string) => {
    const frames = (rest + text).split("\f");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      events++;
      missed ||= /\d+ events were missed/.exec(frame)?.[0] ?? "";
      if (frame.includes("taskCompleted")) over.resolve();
    }
  });
  client.on("close", () => over.reject(new Error("closed")));
  const { data } = { data: { type: "TaskCommand", data: { commandName: "StartNewTask", data: {} } } };
  client.write(`${JSON.stringify({ type: "message", data })}\f`);
  client.pause();
  for (;;) {
    const { events: finals } = await daemon.call("task.finals", { durable: "test", wait: 20 }) as {
      events: unknown[];
    };
    if (finals.length > 0) break;
  }
  client.resume();
  await over.promise;
  assertMatch(missed, /^\d+ events/);
  // Acknowledgement, created, started, the notice and the end are not of what was said.
  assertEquals(events + Number.parseInt(missed) >= 2500, true, `${events} events, ${missed}`);
  client.destroy();
});
