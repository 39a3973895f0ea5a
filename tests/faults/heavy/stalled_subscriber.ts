import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { residentMemory } from "../../../scripts/bench/process_state.ts";
import { DaemonSandbox } from "../../e2e/daemon_sandbox.ts";
import { binary } from "../../e2e/support.ts";
import { LineClient, metric } from "../line_client.ts";

const OTHERS = 99;
/** More than the ring keeps and the queues hold together. */
const EVENTS = 120_000;
const BURST = 1_000;
/**
 * What the runtime's collector leaves differs by this; without a limit the stopped one's queue would be 200
 * MB.
 */
const GROWTH = 96 * 1024 * 1024;
const LARGE = "x".repeat(1_000);

/** Counts lines, because parsing 12 million events is not what is tested. */
async function countingSubscriber(path: string): Promise<{ events: () => number; close: () => void }> {
  const client = await LineClient.connect(path);
  await client.ask("events.subscribe", { types: ["user.*"] });
  let lines = 0;
  client.socket.removeAllListeners("data");
  client.socket.on("data", (text) => {
    const read = String(text);
    for (let at = read.indexOf("\n"); at !== -1; at = read.indexOf("\n", at + 1)) lines++;
  });
  return { events: () => lines, close: () => client[Symbol.dispose]() };
}

interface Publishing {
  count: number;
  data?: unknown;
  /**
   * How many events the slowest reader has: readers that share this process are not to fall behind as well.
   */
  slowest?: () => number;
}

async function publish(
  path: string,
  { count, data = 1, slowest = () => Infinity }: Publishing,
): Promise<void> {
  using publisher = await LineClient.connect(path);
  const params = { type: "user.n", data };
  const line = JSON.stringify({ type: "request", oneway: true, method: "events.publish", data: params });
  for (let sent = 0; sent < count; sent += BURST) {
    publisher.socket.write(`${line}\n`.repeat(BURST));
    await publisher.ask("daemon.ping");
    while (slowest() < sent - 10 * BURST) await delay(1);
  }
}

async function stoppedSubscriber(
  daemon: DaemonSandbox,
): Promise<{ child: ChildProcess; output: () => string }> {
  const [file = "", ...args] = [...binary.argv, "ipc-send", "--subscribe", "user.*", "--wire", "ndjson"];
  const child = spawn(file, args, { env: daemon.sandbox.environment(), stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => output += text);
  }
  using watcher = await LineClient.connect(daemon.socket);
  while (!JSON.stringify(await watcher.ask("client.list")).includes('"subscription_id"')) await delay(20);
  process.kill(child.pid ?? 0, "SIGSTOP");
  return { child, output: () => output };
}

Deno.test("a subscriber that is stopped costs the others no event, and hears once what it missed", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const { child, output } = await stoppedSubscriber(daemon);
  const others: Awaited<ReturnType<typeof countingSubscriber>>[] = [];
  // One after the other: more than 64 that have said nothing yet are refused.
  while (others.length < OTHERS) others.push(await countingSubscriber(daemon.socket));
  const slowest = () => Math.min(...others.map(({ events }) => events()));
  await publish(daemon.socket, { count: EVENTS, slowest });
  while (slowest() < EVENTS) await delay(20);
  assertEquals(new Set(others.map(({ events }) => events())), new Set([EVENTS]));
  process.kill(child.pid ?? 0, "SIGCONT");
  const isLast = () => output().includes(`"seq":${EVENTS + 1},`);
  const isClosed = () => output().includes("closed the connection");
  while (!isLast() && !isClosed()) await delay(20);
  const notices = output().split("\n").filter((line) => line.includes('"lagged"')).length;
  // On a slow machine it was stopped for more than 10 s and closed, which is the other promise.
  const consumers = await metric(daemon.socket, "haft_slow_consumers_total");
  assertEquals([notices, consumers], isClosed() ? [0, 1] : [1, 0]);
  for (const other of others) other.close();
  child.kill();
});

Deno.test("a subscriber that stays stopped takes no memory beyond its queue, and is closed as a slow consumer", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const pid = await daemon.start();
  await publish(daemon.socket, { count: 200_000, data: LARGE });
  const before = residentMemory(pid);
  const { child } = await stoppedSubscriber(daemon);
  await publish(daemon.socket, { count: 200_000, data: LARGE });
  const grown = residentMemory(pid) - before;
  assert(grown < GROWTH, `${grown} bytes more`);
  while (await metric(daemon.socket, "haft_slow_consumers_total") === 0) await delay(200);
  process.kill(child.pid ?? 0, "SIGKILL");
});
