/** The editor's connection against the binary's daemon: restarts, crashes, a stop, events that went on. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { Buffer } from "node:buffer";
import { mkdirSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { DaemonLink, type LinkOptions } from "../../clients/vscode/src/model/daemon_link.ts";
import { failureText } from "../../clients/vscode/src/model/failure.ts";
import { type Part, Project } from "../../clients/vscode/src/model/project.ts";
import { watchSockets } from "../../clients/vscode/src/model/socket_watch.ts";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

/** A link as the extension makes it, and what it said. */
class Window implements AsyncDisposable {
  readonly states: string[] = [];
  readonly events: string[] = [];
  readonly wire: string[] = [];
  readonly link: DaemonLink;
  starts = 0;
  fresh = 0;

  constructor(daemon: DaemonSandbox, options: Partial<LinkOptions> = {}) {
    this.link = new DaemonLink({
      version: "1.0.0",
      sockets: () => [daemon.socket],
      start: async () => {
        this.starts++;
        await daemon.start();
        return daemon.socket;
      },
      autoStart: () => true,
      watch: watchSockets,
      onState: ({ state }) => void this.states.push(state),
      onEvent: ({ event }) => void this.events.push(event),
      onFresh: () => this.fresh++,
      trace: () => (line) => void this.wire.push(line),
      ...options,
    });
  }

  async until(holds: () => boolean): Promise<void> {
    const limit = performance.now() + 60_000;
    while (!holds()) {
      assert(
        performance.now() < limit,
        `${holds} did not hold within 60 s; the link was ${this.states.join(", ")}`,
      );
      await delay(10);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link[Symbol.asyncDispose]();
  }
}

Deno.test("the editor's link starts a daemon, comes back after a restart, and starts one that crashed", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await using editor = new Window(daemon);
  await editor.link.begin();
  assertEquals([editor.starts, editor.fresh, editor.states], [1, 1, ["connecting", "connected"]]);

  assertEquals((await daemon.run("daemon", "restart")).code, 0);
  await editor.until(() => editor.fresh === 2);
  assertEquals(editor.starts, 1);
  const { pid } = await editor.link.request("daemon.status", {});

  process.kill(pid, "SIGKILL");
  await untilGone(pid);
  await editor.until(() => editor.fresh === 3);
  assertEquals(editor.starts, 2);
  assertMatch(editor.wire.join("\n"), /^→ daemon\.status \{\}\n← daemon\.status [\d.]+ ms \{"pid":/m);
});

Deno.test("a daemon that a person stopped is not started again; one that the person starts is noticed", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await using editor = new Window(daemon);
  await editor.link.begin();
  await daemon.run("daemon", "stop");
  await editor.until(() => editor.states.at(-1) === "absent");
  // It was looked for meanwhile, as a restart takes a moment, which is one state.
  assertEquals(editor.states, ["connecting", "connected", "connecting", "absent"]);
  assertEquals(editor.starts, 1);
  await daemon.start();
  await editor.until(() => editor.states.at(-1) === "connected");
  assertEquals(editor.starts, 1);

  // A command of the person's starts it.
  await daemon.run("daemon", "stop");
  await editor.until(() => editor.states.at(-1) === "absent");
  await editor.link.request("daemon.ping", {});
  assertEquals(editor.starts, 2);
});

Deno.test("without auto-start the link only connects, and a restricted editor not even that", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await using editor = new Window(daemon, {
    autoStart: () => false,
    watch: () => ({ [Symbol.dispose]() {} }),
  });
  await editor.link.begin();
  assertEquals([editor.starts, editor.states.at(-1)], [0, "absent"]);
  await daemon.start();
  await using restricted = new Window(daemon, {
    sockets() {
      throw new Error("restricted");
    },
  });
  await restricted.link.begin();
  assertEquals([restricted.starts, restricted.states], [0, ["connecting", "failed"]]);
});

Deno.test("what a person asks for starts a daemon, also while the link looks for one that was killed", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await using editor = new Window(daemon, { autoStart: () => false });
  await daemon.start();
  await editor.link.begin();
  const { pid } = await editor.link.request("daemon.status", {});
  process.kill(pid, "SIGKILL");
  await editor.until(() => editor.states.at(-1) !== "connected");
  await Promise.all([1, 2, 3].map(() => editor.link.request("daemon.ping", {})));
  assertEquals(editor.starts, 1);
});

Deno.test("a project hears of changes by events, and keeps its last good state through an error", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { sandbox } = daemon;
  sandbox.manifest('[tools]\nesbuild = "1"\n');
  const changes: Part[] = [];
  const problems: string[] = [];
  const projects: Project[] = [];
  await using editor = new Window(daemon, { onEvent: (event) => void projects[0]?.handle(event) });
  await editor.link.begin();
  const project = new Project({
    root: sandbox.project,
    ask: (method, params) => editor.link.ask(method, params),
    onChange: (part) => void changes.push(part),
    onProblem: (part, error) => void problems.push(`${part} ${error === undefined ? "mended" : "failed"}`),
  });
  projects.push(project);
  await project.refresh();
  const { state } = project;
  assertEquals(state.tools.map(({ runtime, installed }) => `${runtime} ${installed}`), ["esbuild false"]);
  assertEquals(state.trust?.trusted, true);

  sandbox.manifest('[tools]\nesbuild = "1"\nbiome = "2"\n');
  await editor.until(() => state.tools.length === 2);

  sandbox.manifest("[tools\n");
  await editor.until(() => problems.includes("tools failed"));
  assertEquals(state.tools.length, 2);
  const told = problems.length;
  sandbox.manifest("[tools \n");
  sandbox.manifest('[tools]\nbiome = "2"\n[env]\nA = "1"\n');
  await editor.until(() => state.tools.length === 1);
  await editor.until(() => state.trust?.trusted === false);
  assertEquals(state.environment, undefined);
  // The same failure is told once; each part says once that it can be read again.
  assertEquals(problems.filter((one) => one === "tools failed").length <= told, true);

  // Trust that is given in a terminal is seen.
  await daemon.run("trust");
  await editor.until(() => state.environment?.env["A"] === "1");
});

Deno.test("a daemon of another protocol is told of, and one that comes in its place is connected to", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  mkdirSync(dirname(daemon.socket), { recursive: true, mode: 0o700 });
  const newer = createServer((socket) =>
    socket.once("data", () => {
      const name = "unsupported_protocol";
      const error = { code: -32005, name, message: "no", data: { protocol: [2, 3] } };
      const answer = Buffer.from(JSON.stringify({ type: "response", id: "1", error }));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(answer.length);
      socket.end(Buffer.concat([length, answer]));
    })
  );
  await new Promise<void>((resolve) => newer.listen(daemon.socket, resolve));
  const failures: string[] = [];
  await using editor = new Window(daemon, {
    onState: (state) => {
      editor.states.push(state.state);
      if (state.state === "failed") failures.push(failureText(state.error));
    },
  });
  await editor.link.begin();
  assertEquals(failures, [
    "haft's daemon speaks protocol 2 to 3, and this extension 1. Update the extension",
  ]);
  assertEquals(editor.starts, 0);
  await new Promise((resolve) => newer.close(resolve));
  await daemon.start();
  await editor.until(() => editor.states.at(-1) === "connected");
});

Deno.test("a daemon that a person starts is noticed, the machine's first as well, however its directories come", async () => {
  for (const wait of [0, 0, 0, 5, 20]) {
    await using daemon = await DaemonSandbox.create(binary);
    await using editor = new Window(daemon, { autoStart: () => false });
    await editor.link.begin();
    assertEquals(editor.states, ["connecting", "absent"]);
    for (const directory of [dirname(dirname(daemon.socket)), dirname(daemon.socket)]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      if (wait > 0) await delay(wait);
    }
    await daemon.start();
    await editor.until(() => editor.states.at(-1) === "connected");
    assertEquals(editor.starts, 0);
  }
});

Deno.test("a connection that is cut comes back, and no event of the time between is missing", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { sandbox } = daemon;
  sandbox.manifest('[tools]\nesbuild = "1"\n');
  await daemon.start();
  const path = join(dirname(daemon.socket), "between.sock");
  const open = new Set<Socket>();
  let isCut = false;
  const between = createServer((client) => {
    if (isCut) return void client.destroy();
    const server = connect(daemon.socket);
    for (const [one, other] of [[client, server], [server, client]] as const) {
      open.add(one);
      one.on("error", () => {}).on("close", () => other.destroy()).pipe(other);
    }
  });
  await new Promise<void>((resolve) => between.listen(path, resolve));
  await using editor = new Window(daemon, { sockets: () => [path] });
  await editor.link.begin();
  await editor.link.ask("runtime.list", { cwd: sandbox.project });

  await using other = new Window(daemon);
  await other.link.begin();
  isCut = true;
  for (const socket of open) socket.destroy();
  await editor.until(() => editor.states.at(-1) !== "connected");
  sandbox.manifest('[tools]\nesbuild = "2"\n');
  await other.until(() => other.events.includes("config.changed"));
  isCut = false;
  await editor.until(() => editor.events.includes("config.changed"));
  assertEquals([editor.starts, editor.fresh], [0, 1]);
  between.close();
});
