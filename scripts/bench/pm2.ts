import { delay } from "@std/async/delay";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../support/command.ts";
import { BenchDaemon } from "./bench_daemon.ts";
import { residentMemory } from "./process_state.ts";
import { Scratch } from "./scratch.ts";
import { alternate } from "./spawn.ts";
import { digits, machineLine, median } from "./support.ts";

// haft beside pm2 on the same work, each by its own command line with a daemon that is already there: start
// 20 apps of one configuration file, list them, restart them all, stop them all; and what the daemon takes
// while they run.
//
//     deno run -A scripts/bench/pm2.ts [ROUNDS]

const APPS = 20;
const PM2 = "pm2@7.0.4";
const rounds = Number(process.argv[2] ?? 5);
const names = Array.from({ length: APPS }, (_, n) => `a${n}`);

using scratch = new Scratch();
const pm2 = await installPm2(scratch.directory("pm2"));
await using bench = await BenchDaemon.start(
  names.map((name) => `[apps.${name}]\ncommand = ["/bin/sleep", "3600"]\n`).join(""),
);
const { pid } = (await bench.connect()).ack;
try {
  pm2.run("ping");
  const god = Number(readFileSync(join(pm2.home, "pm2.pid"), "utf8"));
  const empty = { haft: residentMemory(pid), pm2: residentMemory(god) };
  const steps = {
    start: {
      haft: () => bench.haft("app", "start"),
      pm2: () => pm2.run("start", "ecosystem.config.json"),
    },
    list: {
      haft: () => bench.haft("app", "list", "--json"),
      pm2: () => pm2.run("jlist"),
    },
    restart: {
      haft: () => bench.haft("app", "restart"),
      pm2: () => pm2.run("restart", "all"),
    },
    stop: {
      haft: () => bench.haft("app", "stop"),
      pm2: () => pm2.run("delete", "all"),
    },
  };
  const times = new Map<string, { haft: number[]; pm2: number[] }>();
  const memory: { haft: number[]; pm2: number[] } = { haft: [], pm2: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [name, contenders] of Object.entries(steps)) {
      const taken = alternate(1, {
        haft: () => timed(contenders.haft),
        pm2: () => timed(contenders.pm2),
      });
      if (name === "list") checkRunning();
      const known = times.get(name) ?? { haft: [], pm2: [] };
      times.set(name, {
        haft: [...known.haft, ...taken.haft],
        pm2: [...known.pm2, ...taken.pm2],
      });
      if (name !== "restart") continue;
      await delay(8_000);
      memory.haft.push(residentMemory(pid));
      memory.pm2.push(residentMemory(god));
    }
  }
  console.log(`${machineLine()}; pm2 ${pm2.version} on ${pm2.node}; median of ${rounds} rounds in turn`);
  console.log(`| | haft | pm2 | pm2 to haft |\n| --- | --- | --- | --- |`);
  for (const [name, { haft, pm2: other }] of times) {
    row(`${name} ${APPS} apps, ms`, median(haft), median(other));
  }
  row("the daemon alone, MB", empty.haft / 1e6, empty.pm2 / 1e6);
  row(`the daemon with ${APPS} apps, MB`, median(memory.haft) / 1e6, median(memory.pm2) / 1e6);
} finally {
  pm2.run("kill");
}

function row(name: string, haft: number, other: number): void {
  console.log(`| ${name} | ${digits(haft)} | ${digits(other)} | ${digits(other / haft)} |`);
}

function timed(work: () => unknown): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

/** A contender that is quick because it did nothing is none. */
function checkRunning(): void {
  const haft = (JSON.parse(bench.haft("app", "list", "--json")) as { state: string }[])
    .filter(({ state }) => state === "running").length;
  const other = (JSON.parse(pm2.run("jlist")) as { pm2_env: { status: string } }[])
    .filter(({ pm2_env: { status } }) => status === "online").length;
  if (haft !== APPS || other !== APPS) throw new Error(`${haft} of haft's and ${other} of pm2's apps run`);
}

async function installPm2(directory: string) {
  writeFileSync(join(directory, "package.json"), '{"private":true}');
  const argv = ["npm", "install", "--no-audit", "--no-fund", "--silent", PM2];
  const { code, stderr } = await runCommand(argv, { cwd: directory, output: "capture" });
  if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
  const apps = names.map((name) => ({ name, script: "/bin/sleep", args: "3600", interpreter: "none" }));
  writeFileSync(join(directory, "ecosystem.config.json"), JSON.stringify({ apps }));
  const home = join(directory, "home");
  const env = { ...process.env, PM2_HOME: home };
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(join(directory, "node_modules", ".bin", "pm2"), args, {
      cwd: directory,
      env,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`pm2 ${args.join(" ")}: ${stderr}${stdout}`);
    return stdout;
  };
  const { version } = JSON.parse(
    readFileSync(join(directory, "node_modules", "pm2", "package.json"), "utf8"),
  );
  const node = spawnSync("node", ["--version"], { encoding: "utf8" }).stdout.trim();
  return { run, home, version: String(version), node: `Node ${node}` };
}
