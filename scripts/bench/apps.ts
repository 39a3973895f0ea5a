import { delay } from "@std/async/delay";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { DaemonClient } from "../../src/client/daemon_client.ts";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { Scratch } from "./scratch.ts";
import { digits, machineLine, median } from "./support.ts";

// 100 apps under the real daemon: how long it takes to start and to stop them all, what the daemon costs while they run, and how long
// from a crash to the new process.

const APPS = 100;
const { path: binary } = await build();
using scratch = new Scratch();
const cwd = scratch.directory("project");
const env: Record<string, string> = {
  ...process.env as Record<string, string>,
  HAFT_HOME: join(cwd, "home"),
  XDG_RUNTIME_DIR: scratch.directory("run"),
};
delete env["HAFT_SOCKET"];
const tables = Array.from(
  { length: APPS },
  (_, n) => `[apps.a${n}]\ncommand = "sleep 3600"\nrestart = "always"\nbackoff = { initial = "0ms" }\n`,
);
writeFileSync(join(cwd, "haft.toml"), tables.join(""));
haft("trust");
haft("daemon", "start");
const socket = haft("ipc-send", "--print-socket").trim();
await using daemon = await DaemonClient.connect({ client: "bench", version: "1.0.0", socket, env });
const { pid } = daemon.ack;
try {
  const before = residentKilobytes(pid);
  const started = await timed(() => daemon.request("app.start", { root: cwd }));
  const after = residentKilobytes(pid);
  await delay(2_000);
  const idle = await cpuShare(pid, 5_000);
  const restarts = [];
  for (let n = 0; n < 20; n++) restarts.push(await crashToRestart(`a${n}`));
  const stopped = await timed(() => daemon.request("app.stop", { root: cwd }));
  console.log(machineLine());
  console.log(`start ${APPS} apps            ${Math.round(started)} ms (goal 2,000)`);
  console.log(`stop ${APPS} apps             ${Math.round(stopped)} ms (goal: stop_timeout + 1,000)`);
  console.log(
    `crash to the new process  ${digits(median(restarts))} ms, at most ${
      digits(Math.max(...restarts))
    } (goal 50)`,
  );
  console.log(`daemon's CPU, idle        ${digits(idle * 100)} % of a core (goal 1)`);
  console.log(`daemon's memory per app   ${Math.round((after - before) / APPS)} KB (goal 200)`);
} finally {
  haft("daemon", "stop");
}

function haft(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`haft ${args.join(" ")}: ${stderr}`);
  return stdout;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function pidOf(name: string): Promise<number | null> {
  const { apps: [app] } = await daemon.request("app.status", { root: cwd, names: [name] }) as {
    apps: AppStatus[];
  };
  return app?.instances[0]?.pid ?? null;
}

/** From the signal to the event that says that a new process runs. */
async function crashToRestart(name: string): Promise<number> {
  const old = await pidOf(name);
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = daemon.onEvent(({ event, data }) => {
    if (event === "app.process_started" && (data as { app: string }).app === name) resolve();
  });
  const { subscription_id } = await daemon.request("events.subscribe", {
    types: ["app.process_started"],
  }) as {
    subscription_id: string;
  };
  const begun = performance.now();
  process.kill(old ?? 0, "SIGKILL");
  await promise;
  const elapsed = performance.now() - begun;
  stop();
  await daemon.request("events.unsubscribe", { subscription_id });
  return elapsed;
}

function residentKilobytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Processor time over wall time. */
async function cpuShare(pid: number, ms: number): Promise<number> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await delay(ms);
  return (ticks() - before) / 100 / (ms / 1000);
}
