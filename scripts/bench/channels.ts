import { spawn } from "node:child_process";
import { join } from "node:path";
import { mustRun } from "../support/command.ts";
import { onCore } from "./background.ts";
import { bunProgram } from "./bun_program.ts";
import { bench } from "./report/bench.ts";
import { Scratch } from "./scratch.ts";

// What channels carry under Bun: in one thread, across a worker, between two processes with small messages
// and large ones, and large payloads over shared memory beside the same over the socket. Beside small
// messages the same through a bare port and a bare socket. The two processes are on different cores.

const MB = 1e6;
const LARGE = 4 * 1024 * 1024;
/** The largest that a frame of a socket takes, less its own bytes. */
const HUGE = 16 * 1024 * 1024;

await bench({ rounds: 5 }, async function* ({ rounds }) {
  using scratch = new Scratch();
  const program = await bunProgram("channels_program.ts", scratch.directory("program"));
  const alone = async (role: string) => Number((await mustRun([...program, role])).stdout.trim());
  let runs = 0;
  /** Seconds from the first message to the last. */
  const between = (kind: string, count: number, bytes: number): Promise<number> => {
    const path = join(scratch.directory(`run-${runs++}`), "s");
    return twoProcesses(program, [path, kind, `${count}`, `${bytes}`]);
  };
  const messages = async (kind: string) => 1_000_000 / await between(kind, 1_000_000, 0);
  const bytes = async (kind: string, count: number, size: number) =>
    count * size / MB / await between(kind, count, size);
  const contenders = {
    pair: () => alone("pair"),
    worker: () => alone("worker"),
    port: () => alone("port"),
    small: () => messages("socket"),
    bare: () => messages("bare"),
    medium: () => bytes("socket", 20_000, 65_536),
    text: () => bytes("socket", 128, LARGE),
    shared: () => bytes("shared", 128, LARGE),
    hugeText: () => bytes("socket", 32, HUGE - 1_024),
    huge: () => bytes("shared", 64, HUGE),
  };
  type Name = keyof typeof contenders;
  const names = Object.keys(contenders) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      found[name].push(await contenders[name]());
    }
  }
  yield {
    name: "channels.thread",
    title: "small messages in one thread",
    unit: "messages/s",
    values: found.pair,
    baseline: { name: "a bare port to a worker", values: found.port },
    goal: { of: "value", atLeast: 5_000_000 },
  };
  yield {
    name: "channels.worker",
    title: "small messages to a worker",
    unit: "messages/s",
    values: found.worker,
    baseline: { name: "a bare port to a worker", values: found.port },
    goal: { of: "value", atLeast: 3_500_000 },
  };
  yield {
    name: "channels.small",
    title: "small messages through a socket",
    unit: "messages/s",
    values: found.small,
    baseline: { name: "a bare socket, as JSON lines", values: found.bare },
    goal: { of: "value", atLeast: 3_500_000 },
  };
  yield {
    name: "channels.shared",
    title: "4 MiB through shared memory",
    unit: "MB/s",
    values: found.shared,
    baseline: { name: "through the socket", values: found.text },
    goal: { of: "ratio", atLeast: 3 },
  };
  yield {
    name: "channels.shared-huge",
    title: "16 MiB through shared memory",
    unit: "MB/s",
    values: found.huge,
    baseline: { name: "through the socket", values: found.hugeText },
    goal: { of: "ratio", atLeast: 6 },
  };
  yield {
    name: "channels.medium",
    title: "64 KiB of text through a socket",
    unit: "MB/s",
    values: found.medium,
    baseline: { name: "4 MiB of text", values: found.text },
    goal: { of: "value", atLeast: 1_000 },
  };
});

function twoProcesses(program: readonly string[], args: readonly string[]): Promise<number> {
  const end = (core: number, role: string) => {
    const [file = "", ...rest] = onCore(core, [...program, role, ...args]);
    return spawn(file, rest, { stdio: ["ignore", "pipe", "inherit"] });
  };
  return new Promise((resolve, reject) => {
    const receiver = end(0, "receive");
    let text = "";
    receiver.on("error", reject);
    receiver.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (text === "listening\n") end(1, "send").on("error", reject);
    });
    receiver.on("close", (code: number | null) => {
      const seconds = Number(text.trim().split("\n")[1]);
      if (code === 0 && seconds > 0) resolve(seconds);
      else reject(new Error(`The receiver ended with ${code}: ${text}`));
    });
  });
}
