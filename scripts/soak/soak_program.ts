/**
 * The soak itself, bundled and run under Bun by soak.ts: `soak_program.js run SECONDS DIRECTORY [PYTHON
 * PEER]` drives a peer on every kind of channel, kills other peers all the while, and prints one line of JSON
 * for each sample; `peer KIND PATH` is the other side.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  Disconnected,
  type IpcChannel,
  LocalSocketChannel,
  LocalSocketServer,
  PortChannel,
  StdioChannel,
  ThreadChannel,
} from "../../src/channel/mod.ts";
import { SharedMemoryChannel } from "../../src/channel/kinds/shared_memory_channel.ts";
import { drive, type Progress, reflect, within } from "./traffic.ts";

const KINDS = ["socket", "shared", "stdio"] as const;
type Kind = (typeof KINDS)[number];

const LARGEST = {
  thread: 500_000,
  worker: 500_000,
  socket: 500_000,
  shared: 4_000_000,
  stdio: 200_000,
  python: 200_000,
};
const SEGMENT = { size: 16 * 1024 * 1024 };
const PAUSE_MS = 10;
/** Milliseconds within which the death of a peer has to be noticed. */
const NOTICED = 1_000;
const SAMPLES = 40;
const SHARED_DIRECTORY = `/dev/shm/haft-${process.getuid?.() ?? 0}`;

/** Whoever could leave a segment. */
const pids = new Set([process.pid]);

const [role = "", first = "", second = "", ...python] = process.argv.slice(2);
const program = process.argv[1] ?? "";

if (role === "run") await run(Number(first), second);
else if (role === "peer") await peer(first as Kind, second);
else workerPeer();

async function peer(kind: Kind, path: string): Promise<void> {
  if (kind === "stdio") {
    const channel = new StdioChannel("stdio", { input: process.stdin, output: process.stdout });
    reflect(channel, LARGEST.stdio);
    return await channel.closed;
  }
  const socket = await LocalSocketChannel.connect(kind, { path, retry: true, timeoutMs: 10_000 });
  const channel = kind === "shared" ? SharedMemoryChannel.over(socket, SEGMENT) : socket;
  reflect(channel, LARGEST[kind]);
  await channel.closed;
}

function workerPeer(): void {
  self.addEventListener("message", (event) => {
    reflect(new PortChannel("worker", (event as MessageEvent<MessagePort>).data), LARGEST.worker);
  }, { once: true });
}

interface Lane {
  name: keyof typeof LARGEST;
  channel: IpcChannel;
  progress: Progress;
  child?: ChildProcess;
  stop: () => void;
}

async function run(seconds: number, directory: string): Promise<void> {
  const ends = performance.now() + seconds * 1000;
  const lanes = [thread(), worker()];
  for (const kind of KINDS) lanes.push(await process_(kind, directory));
  if (python.length > 0) lanes.push(await process_("socket", directory, python));
  const killed = { rounds: 0, slowest: 0 };
  const goOn = () => performance.now() < ends;
  const sampling = setInterval(() => sample(lanes, killed), seconds * 1000 / SAMPLES);
  const drives = lanes.map(({ name, channel, progress }) =>
    drive(channel, { largest: LARGEST[name], progress, goOn, pauseMs: PAUSE_MS })
  );
  await Promise.all([...drives, killPeers(directory, killed, goOn)]);
  clearInterval(sampling);
  sample(lanes, killed);
  for (const { channel, stop } of lanes) {
    await channel.close();
    stop();
  }
  const left = readdirSync(directory).concat(segments());
  if (left.length > 0) throw new Error(`Left behind: ${left.join(", ")}`);
  console.log(JSON.stringify({ over: true }));
  process.exit(0);
}

function progress(): Progress {
  return { sent: 0, returned: 0, requests: 0, bytes: 0 };
}

function thread(): Lane {
  const [near, far] = ThreadChannel.pair("thread", 64);
  reflect(far, LARGEST.thread);
  return { name: "thread", channel: near, progress: progress(), stop: () => {} };
}

function worker(): Lane {
  const { port1, port2 } = new MessageChannel();
  const other = new Worker(program);
  other.postMessage(port2, [port2]);
  return {
    name: "worker",
    channel: new PortChannel("worker", port1),
    progress: progress(),
    stop: () => other.terminate(),
  };
}

/** A peer in a process of its own. */
async function process_(kind: Kind, directory: string, command: string[] = []): Promise<Lane> {
  const name = command.length > 0 ? "python" : kind;
  const path = join(directory, `${name}-${crypto.randomUUID().slice(0, 8)}.sock`);
  const argv = command.length > 0 ? [...command, path] : [process.execPath, program, "peer", kind, path];
  const [file = "", ...args] = argv;
  if (kind === "stdio") {
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
    const channel = new StdioChannel("stdio", { input: child.stdout, output: child.stdin }, {
      onLog: (line) => console.error(line),
    });
    return { name, channel, progress: progress(), child, stop: () => child.kill() };
  }
  await using server = await LocalSocketServer.listen(name, { path });
  const child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit"] });
  pids.add(child.pid ?? NaN);
  const socket = await server.accept({ timeoutMs: 10_000 });
  const channel = kind === "shared" ? SharedMemoryChannel.over(socket, SEGMENT) : socket;
  return { name, channel, progress: progress(), child, stop: () => child.kill() };
}

/** Peers that die by kill -9 in the middle of their traffic, one after the other. */
async function killPeers(
  directory: string,
  killed: { rounds: number; slowest: number },
  goOn: () => boolean,
): Promise<void> {
  for (let round = 0; goOn(); round++) {
    const kind = KINDS[round % KINDS.length] ?? "socket";
    const { channel, child, progress } = await process_(kind, directory);
    let alive = true;
    const driving = drive(channel, { largest: LARGEST[kind], progress, goOn: () => alive, pauseMs: 0 });
    const outcome = driving.then(() => undefined, (error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 100 + (round * 37) % 200));
    const exited = new Promise((resolve) => child?.once("exit", resolve));
    child?.kill("SIGKILL");
    const begun = performance.now();
    await within(NOTICED, channel.closed, `${kind}: kill -9 of the peer was not noticed`);
    killed.slowest = Math.max(killed.slowest, performance.now() - begun);
    alive = false;
    await outcome;
    const late = await channel.sendJson("late").catch((error: unknown) => error);
    if (!(late instanceof Disconnected)) {
      throw new Error(`${kind}: after a kill a send gives ${String(late)}`);
    }
    await channel.close();
    await exited;
    killed.rounds++;
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}

/** Names of segments that this process or its peers left: those in use have none. */
function segments(): string[] {
  try {
    return readdirSync(SHARED_DIRECTORY).filter((name) => pids.has(Number(name.split("-")[0])));
  } catch {
    return [];
  }
}

function sample(lanes: readonly Lane[], killed: { rounds: number; slowest: number }): void {
  const memory: Record<string, number> = { driver: resident(process.pid) };
  for (const { name, child } of lanes) {
    if (child?.pid !== undefined) memory[name] = resident(child.pid);
  }
  const traffic = Object.fromEntries(lanes.map(({ name, progress }) => [name, { ...progress }]));
  console.log(JSON.stringify({ memory, traffic, killed }));
}

/** Bytes that are the process's own: what it shares, mapped segments included, is not its growth. */
function resident(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^RssAnon:\s*(\d+)/m.exec(text)?.[1] ?? NaN) * 1024;
}
