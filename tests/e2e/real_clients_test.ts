/**
 * Other systems' own clients, unchanged, at haft's endpoints: what their users install, by the package
 * manager that they use. A test whose package cannot be had says why. Roo-Code's client is in
 * roo_dialect_test.ts: its library is one of npm's.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../../scripts/support/command.ts";
import { projectRoot } from "../../scripts/support/project.ts";
import { cargoBuild, missingCommand, pipInstall } from "./client_packages.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { eventsDuring, isSharedDirectory, listening, start } from "./dialect_sandbox.ts";
import { binary } from "./support.ts";

const CLIENTS = join(projectRoot, "tests", "support", "real_clients");
const IPCKIT = "0.1.12";
const AURORAVIEW = "0.4.4";

/** A client that gets no answer waits for ever. */
const CLIENT_MS = 60_000;

const noPip = missingCommand(["python3", "-m", "pip", "--version"]);
const noCargo = missingCommand(["cargo", "--version"], ["rustc", "--version"]);
if (noPip !== undefined) console.log(`SKIPPED: ipckit's and AuroraView's Python clients: ${noPip}`);
if (noCargo !== undefined) console.log(`SKIPPED: ipckit's SocketClient: ${noCargo}`);

/** @returns the lines that the client wrote */
async function runClient(argv: readonly string[], env: Record<string, string>): Promise<string[]> {
  const { code, stdout, stderr } = await runCommand(argv, { env, output: "capture", timeoutMs: CLIENT_MS });
  assertEquals({ code, stderr }, { code: 0, stderr: "" }, stdout);
  return stdout.split("\n").filter((line) => line !== "");
}

Deno.test({
  name: `ipckit ${IPCKIT}'s SocketClient asks, publishes and keeps the order, at its default path`,
  ignore: noCargo !== undefined,
  async fn() {
    const { daemon } = await listening("ipckit", { file: "ipckit.sock" });
    await using _ = daemon;
    const built = await cargoBuild(join(daemon.sandbox.root, "crate"), {
      crate: join(CLIENTS, "ipckit_socket_client"),
      name: "ipckit-socket-client",
    });
    if ("reason" in built) return console.log(`SKIPPED: ipckit's SocketClient: ${built.reason}`);
    // deno-lint-ignore no-explicit-any
    let answers: any[] = [];
    const events = await eventsDuring(daemon, "user.ipckit.*", 4, async () => {
      const env = { XDG_RUNTIME_DIR: join(daemon.sandbox.root, "run") };
      answers = (await runClient([built.executable], env)).map((line) => JSON.parse(line));
    });
    const [ping, unknown, pong, list, first, second, third, tooLarge, after, ...more] = answers;
    assertEquals(typeof ping.ok.uptime_secs, "number");
    assertEquals(unknown, { err: 'Unknown method "no.such"' });
    assertEquals(pong, { ok: { msg_type: "pong", payload: {} } });
    assert(list.ok.clients.some(({ name }: { name: string }) => name === "ipckit"), JSON.stringify(list));
    assertEquals([first, second, third].map(({ ok }) => ok.msg_type), ["response", "error", "response"]);
    assertEquals(second.ok.payload, { code: -32601, message: 'Unknown method "no.such"' });
    assertEquals(tooLarge.ok.msg_type, "error");
    assertEquals(typeof after.ok.uptime_secs, "number");
    assertEquals(more, []);
    assertEquals(events.map(({ event, data }) => [event, data]), [
      ["user.ipckit.text", { content: "häft" }],
      ["user.ipckit.text", [1, { any: "JSON" }]],
      ["user.ipckit.binary", { data: "AAr/" }],
      ["user.ipckit.text", { content: "bye" }],
    ]);
  },
});

Deno.test({
  name: `ipckit ${IPCKIT}'s Python channels carry the same messages`,
  ignore: noPip !== undefined,
  async fn() {
    const { daemon, path } = await listening("ipckit");
    await using _ = daemon;
    const packages = join(daemon.sandbox.root, "packages");
    const reason = await pipInstall(packages, `ipckit==${IPCKIT}`);
    if (reason !== undefined) return console.log(`SKIPPED: ipckit's Python channels: ${reason}`);
    let lines: string[] = [];
    const events = await eventsDuring(daemon, "user.ipckit.*", 2, async () => {
      lines = await runPython("ipckit_channel.py", packages, {}, path);
    });
    assertEquals(lines.length, 6);
    for (const [ping = "", unknown = "", pong = ""] of [lines.slice(0, 3), lines.slice(3)]) {
      assertMatch(ping, /"msg_type": "response".*"uptime_secs": \d+/);
      assertMatch(unknown, /"msg_type": "error".*"code": -32601|"code": -32601.*"msg_type": "error"/);
      assertEquals(JSON.parse(pong), { msg_type: "pong", payload: {} });
    }
    assertEquals(events.map(({ data }) => data.content), ["IpcChannel", "GracefulIpcChannel"]);
  },
});

Deno.test({
  name: `AuroraView ${AURORAVIEW}'s channel module reports progress, events, results and bodies of its own`,
  ignore: noPip !== undefined || process.platform === "win32" || !isSharedDirectory("/tmp"),
  async fn() {
    await using daemon = await DaemonSandbox.create(binary);
    // Where the module looks, whatever the environment says.
    const channel = `haft_test_${crypto.randomUUID().slice(0, 8)}`;
    await start(daemon, `auroraview=/tmp/ipckit_${channel}`);
    const packages = join(daemon.sandbox.root, "packages");
    // There are none built for Linux. The module is plain Python, which does without the compiled half.
    const reason = await pipInstall(packages, `auroraview==${AURORAVIEW}`, { platform: "win_amd64" });
    if (reason !== undefined) return console.log(`SKIPPED: AuroraView's channel module: ${reason}`);
    const events = await eventsDuring(daemon, "user.auroraview.*", 27, async () => {
      const env = { AURORAVIEW_IPC_CHANNEL: channel, AURORAVIEW_IPC_MODE: "channel" };
      assertEquals(await runPython("auroraview_helper.py", packages, env), []);
    });
    const told = events.map(({ event, data }) => [event.replace("user.auroraview.", ""), data]);
    assertEquals(told.slice(0, 20), [
      ...Array.from(
        { length: 20 },
        (_, step) => ["progress", { value: step, message: `step ${step}` }],
      ),
    ]);
    assertEquals(told.slice(20), [
      ["event", { event: "saved", data: { path: "/a/ö" } }],
      ["result", { success: false, error: "no disk" }],
      ["message", { type: "status", message: "Demo started" }],
      ["progress", { value: 100, message: "Processing step 5/5" }],
      ["message", { type: "data", items: [{ id: 1 }] }],
      ["result", { success: true, data: { total_steps: 5 } }],
      ["result", { data: "completed" }],
    ]);
  },
});

async function runPython(
  file: string,
  packages: string,
  env: Record<string, string>,
  ...args: readonly string[]
): Promise<string[]> {
  return await runClient(["python3", join(CLIENTS, file), ...args], {
    ...env,
    PYTHONPATH: packages,
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONIOENCODING: "utf-8",
  });
}
