import { assertEquals, assertStringIncludes } from "@std/assert";
import { CONNECTION_LIMITS } from "../../src/daemon/connection_limits.ts";
import { LineClient, metric, verdict } from "../faults/line_client.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

/** One after the other, so that the limit on those that have said nothing is not met on the way. */
async function talkingClients(path: string, count: number): Promise<LineClient[]> {
  const clients: LineClient[] = [];
  while (clients.length < count) {
    const client = await LineClient.connect(path);
    client.send({ type: "ping" });
    assertEquals(await client.next(), { type: "pong" });
    clients.push(client);
  }
  return clients;
}

async function leave(path: string, clients: readonly LineClient[]): Promise<void> {
  for (const client of clients) client[Symbol.dispose]();
  await until(() => metric(path, "haft_connections").catch(() => NaN), "there is one connection", {
    passes: (count) => count === 1,
  });
}

Deno.test("as many connections as the limit are served, one more is told why, and those refused are not counted", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const { connections } = CONNECTION_LIMITS;
  const clients = await talkingClients(daemon.socket, connections);
  // Refusals that stayed counted would have locked everybody out for good.
  for (let i = 0; i < connections + 10; i++) assertEquals(await verdict(daemon.socket), "too_many");
  await leave(daemon.socket, clients);
  assertEquals(await verdict(daemon.socket), "ok");
});

Deno.test("silent connections make way for those that speak, in every framing, and haft's commands get in", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const silent: LineClient[] = [];
  while (silent.length < CONNECTION_LIMITS.silentConnections) {
    silent.push(await LineClient.connect(daemon.socket));
  }
  for (let i = 0; i < 5; i++) assertEquals(await verdict(daemon.socket), "ok");
  for (
    const args of [["daemon", "status"], ["app", "status"], ["ipc-send", "daemon.ping"], [
      "ipc-send",
      "--timeout",
      "20s",
      "daemon.ping",
    ]]
  ) {
    const { stderr } = await daemon.run(...args);
    assertEquals([args, stderr.includes("refuses") || stderr.includes("broke")], [args, false]);
  }
  const { clients } = await daemon.call("client.list") as { clients: unknown[] };
  assertEquals(clients.length <= CONNECTION_LIMITS.silentConnections + 1, true);
  const { code, stderr } = await daemon.run("daemon", "stop");
  assertEquals([code, stderr.includes("has stopped")], [0, true]);
  for (const client of silent) client[Symbol.dispose]();
});

Deno.test("where other clients have taken all connections, commands say so with the next step, and the daemon can be looked at and stopped", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const { connections } = CONNECTION_LIMITS;
  const clients = await talkingClients(daemon.socket, connections);
  for (const args of [["app", "status"], ["ipc-send", "daemon.ping"]]) {
    const { code, stderr } = await daemon.run(...args);
    assertEquals([args, code], [args, 4]);
    assertStringIncludes(stderr, `The daemon refuses: More than ${connections} connections`);
    assertStringIncludes(stderr, 'Close other clients, or raise "connections"');
  }
  assertStringIncludes((await daemon.run("doctor")).stdout, `The daemon refuses: More than ${connections}`);
  assertStringIncludes((await daemon.run("daemon", "status")).stdout, "clients");
  const { code, stderr } = await daemon.run("daemon", "stop");
  assertEquals([code, stderr.includes("has stopped")], [0, true]);
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("frames at the limit are answered and one byte more ends the connection, before and after hello", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const { frameBeforeHello, frame } = CONNECTION_LIMITS;
  for (
    const [hello, bytes, expected] of [
      [false, frameBeforeHello, "method_not_found"],
      [false, frameBeforeHello + 1, "invalid_request"],
      [true, frame, "method_not_found"],
      [true, frame + 1, "invalid_request"],
    ] as const
  ) {
    using client = await LineClient.connect(daemon.socket);
    if (hello) await client.ask("hello", { client: "test", protocol: [1, 1] });
    const message = { type: "request", id: "1", method: "no.such", data: "" };
    message.data = "x".repeat(bytes - JSON.stringify(message).length);
    client.send(message);
    const answer = await client.next() as { error: { name: string } };
    assertEquals([hello, bytes, answer.error.name], [hello, bytes, expected]);
    if (expected === "invalid_request") await client.closed;
  }
});

Deno.test("as many subscriptions as the limit are served on one connection, and one more is refused", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  using client = await LineClient.connect(daemon.socket);
  const verdicts: string[] = [];
  for (let i = 0; i <= CONNECTION_LIMITS.subscriptions; i++) {
    const answer = await client.ask("events.subscribe", { types: [`user.n${i}`] }) as {
      error?: { name: string };
    };
    verdicts.push(answer.error?.name ?? "ok");
  }
  assertEquals(verdicts.filter((verdict) => verdict === "ok").length, CONNECTION_LIMITS.subscriptions);
  assertEquals(verdicts.at(-1), "too_many");
});
