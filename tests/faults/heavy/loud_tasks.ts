import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { residentMemory } from "../../../scripts/bench/process_state.ts";
import type { TaskInfo } from "../../../src/protocol/methods/task_methods.ts";
import type { DaemonSandbox } from "../../e2e/daemon_sandbox.ts";
import { binary } from "../../e2e/support.ts";
import { client, ended, project, task } from "../../e2e/task_sandbox.ts";
import { LineClient } from "../line_client.ts";

const LINES = 1_000_000;
/**
 * What the runtime's collector leaves differs by this from time to time; a million messages are 250 MB of
 * events.
 */
const GROWTH = 96 * 1024 * 1024;
/** A thousand messages, and the journal that SQLite keeps beside them. */
const HISTORY = 16 * 1024 * 1024;

const MANIFEST = `
[tasks.prints]
run = ["seq", "1", "${LINES}"]

[tasks.says]
run = ["python3", "says.py"]
`;

/** Says a line of each number over its channel, as quickly as it is taken. */
const SAYS = `
import os, socket
channel = socket.socket(socket.AF_UNIX)
channel.connect(os.environ["HAFT_IPC_CHANNEL"])
for first in range(1, ${LINES} + 1, 1000):
    channel.sendall(b"".join(b'{"type":"event","event":"message","data":%d}\\n' % n for n in range(first, first + 1000)))
channel.shutdown(socket.SHUT_WR)
channel.recv(1)
`;

async function loud(): Promise<{ daemon: DaemonSandbox; pid: number }> {
  const daemon = await project(binary, MANIFEST);
  writeFileSync(join(daemon.sandbox.project, "says.py"), SAYS);
  return { daemon, pid: await daemon.start() };
}

/** Looks at a process until it is disposed of. */
class PeakMemory implements Disposable {
  readonly #pid: number;
  #before: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #peak: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = this.#peak = residentMemory(pid);
    this.#timer = setInterval(() => this.#look(), 50);
  }

  /** Bytes more at the worst than there were at first, or at the worst when this was last asked; printed. */
  grown(what: string): number {
    this.#look();
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(`${what}: the daemon had ${megabytes(this.#before)}, and ${megabytes(this.#peak)} at most`);
    const grown = this.#peak - this.#before;
    this.#before = this.#peak;
    return grown;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, residentMemory(this.#pid));
  }
}

/**
 * Checks a stream of events as it comes: what a task says is numbered without a gap, and where numbers are
 * missing, a notice tells so. Notices come before what follows the gap.
 */
class Witness {
  heard = 0;
  announced = 0;
  notices = 0;
  over = false;
  #seq = 0;
  #told = 0;
  readonly unannounced: string[] = [];

  see({ event, seq, data }: Record<string, unknown>): void {
    if (event === "lagged") {
      this.notices++;
      const { to, dropped } = data as { to: number; dropped: number };
      this.announced += dropped;
      this.#seq = to;
      this.#told = NaN;
      return;
    }
    if (typeof seq !== "number") return;
    if (this.#seq !== 0 && seq !== this.#seq + 1) this.unannounced.push(`${this.#seq} → ${seq}`);
    this.#seq = seq;
    if (event === "task.completed") this.over = true;
    if (event !== "task.message") return;
    this.heard++;
    const { data: said } = (data as { message: { data: number } }).message;
    if (!Number.isNaN(this.#told) && said !== this.#told + 1) {
      this.unannounced.push(`${this.#told} said ${said}`);
    }
    this.#told = said;
  }
}

async function witness(daemon: DaemonSandbox): Promise<{ line: LineClient; seen: Witness }> {
  const line = await LineClient.connect(daemon.socket);
  // All events: then their numbers have no gap.
  await line.ask("events.subscribe", { types: [] });
  const seen = new Witness();
  line.socket.removeAllListeners("data");
  let rest = "";
  line.socket.on("data", (text) => {
    const lines = (rest + String(text)).split("\n");
    rest = lines.pop() ?? "";
    for (const one of lines) seen.see(JSON.parse(one));
  });
  return { line, seen };
}

Deno.test(`a task that prints ${LINES} lines has them all in its log, and costs the daemon no memory`, async () => {
  const { daemon, pid } = await loud();
  await using _ = daemon;
  await using asking = await client(daemon);
  using memory = new PeakMemory(pid);
  const { id } = await asking.request("task.start", {
    cwd: daemon.sandbox.project,
    name: "prints",
  }) as TaskInfo;
  const { state, log } = await ended(daemon, id);
  assertEquals(state, "completed");
  const expected = createHash("sha256");
  for (let n = 1; n <= LINES; n++) expected.update(`${n}\n`);
  assertEquals(createHash("sha256").update(readFileSync(log)).digest("hex"), expected.digest("hex"));
  const { stdout } = await daemon.run("task", "logs", id, "--lines", "2");
  assertEquals(stdout, `${LINES - 1}\n${LINES}\n`);
  const grown = memory.grown("printed");
  assert(grown < GROWTH / 3, `${grown} bytes more`);
});

Deno.test(`a task that says ${LINES} messages: those who read hear all or what they missed, nobody is closed, and memory and history have bounds`, async () => {
  const { daemon, pid } = await loud();
  await using _ = daemon;
  await using starting = await client(daemon);
  const copies = { heard: 0, left: 0 };
  starting.onEvent(({ event, data }) => {
    if (event === "task.message") copies.heard++;
    if (event === "relay.lagged") copies.left += (data as { dropped: number }).dropped;
  });
  const reading = await witness(daemon);
  using _reading = reading.line;
  const slow = await witness(daemon);
  using _slow = slow.line;
  const begin = async () =>
    await starting.request("task.start", { cwd: daemon.sandbox.project, name: "says" }) as TaskInfo;
  using memory = new PeakMemory(pid);
  const { id } = await begin();
  // Three seconds are no reason to close it, and more than the ring holds.
  slow.line.socket.pause();
  await delay(3_000);
  slow.line.socket.resume();
  // Asked meanwhile, as people do.
  while ((await task(daemon, id)).state === "running") await delay(200);
  while (!reading.seen.over || !slow.seen.over) {
    assert(reading.line.open && slow.line.open, "a subscriber was closed");
    await delay(20);
  }
  assertEquals((await task(daemon, id)).state, "completed");
  for (const { seen } of [reading, slow]) assertEquals(seen.unannounced, []);
  assertEquals(slow.seen.notices > 0, true, "the slow one missed nothing: nothing was tested");
  for (const { heard, announced } of [reading.seen, slow.seen]) {
    // What was dropped may be something else, of which there is little.
    assert(heard + announced >= LINES && heard + announced < LINES + 100, `${heard} and ${announced}`);
  }
  await starting.request("daemon.ping", {});
  assertEquals(copies.heard + copies.left, LINES);
  const { messages } = await starting.request("task.status", { id }) as { messages: { data: number }[] };
  assertEquals(messages.at(-1)?.data, LINES);
  const database = join(daemon.sandbox.haftHome, "state", "tasks", "history.db");
  const size = ["", "-wal"].map((end) => statSync(database + end).size).reduce((sum, one) => sum + one);
  console.log(
    `said: a reader heard ${reading.seen.heard}, a slow one ${slow.seen.heard}, whoever started it ${copies.heard}; history ${size} bytes`,
  );
  assert(size < HISTORY, `${size} bytes of history`);
  memory.grown("said");
  const again = await begin();
  assertEquals((await ended(daemon, again.id)).state, "completed");
  const grown = memory.grown("said again");
  assert(grown < GROWTH, `${grown} bytes more`);
});
