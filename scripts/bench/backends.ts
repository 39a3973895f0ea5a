import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { spawnSync } from "node:child_process";
import { build } from "../build.ts";
import { projectRoot } from "../support/project.ts";
import { DaemonClient } from "../../src/client/daemon_client.ts";
import { Scratch } from "./scratch.ts";
import { digits, machineLine, median, quantile } from "./support.ts";

// A call of a Python backend through the daemon, over a channel and over its stdio, beside a request that the daemon answers itself:
// the difference is what lies between the daemon and the backend.

const rounds = Number(process.argv[2] ?? 2_000);
const { path: binary } = await build();
using scratch = new Scratch();
const cwd = scratch.directory("project");
const env: Record<string, string> = {
  ...process.env as Record<string, string>,
  HAFT_HOME: join(cwd, "home"),
  XDG_RUNTIME_DIR: scratch.directory("run"),
  PYTHONPATH: join(projectRoot, "clients", "python", "src"),
};
delete env["HAFT_SOCKET"];
writeFileSync(
  join(cwd, "agent.py"),
  "from haft_ipc.backend import Backend\nb = Backend()\n@b.handler\ndef echo(data):\n    return data\nb.run()\n",
);
const table = (name: string, mode: string) =>
  `[backends.${name}]\ncommand = ["python3", "agent.py"]\nmode = "${mode}"\n`;
writeFileSync(join(cwd, "haft.toml"), table("channel", "channel") + table("legacy", "legacy"));
haft("trust");
haft("daemon", "start");
const socket = haft("ipc-send", "--print-socket").trim();
try {
  await using daemon = await DaemonClient.connect({ client: "bench", version: "1.0.0", socket, env });
  const call = (backend: string) =>
    daemon.request("backend.call", { backend, cwd, method: "echo", data: { n: 1 } });
  const ways = {
    ping: () => daemon.request("daemon.ping"),
    channel: () => call("channel"),
    legacy: () => call("legacy"),
  };
  const times: Record<keyof typeof ways, number[]> = { ping: [], channel: [], legacy: [] };
  for (const way of Object.values(ways)) for (let n = 0; n < 200; n++) await way();
  for (let n = 0; n < rounds; n++) {
    for (const [name, way] of Object.entries(ways) as [keyof typeof ways, () => Promise<unknown>][]) {
      const begun = performance.now();
      await way();
      times[name].push((performance.now() - begun) * 1000);
    }
  }
  console.log(machineLine());
  const base = median(times.ping);
  for (const [name, values] of Object.entries(times)) {
    const middle = median(values);
    console.log(
      `${name.padEnd(8)} p50 ${digits(middle)} µs, p99 ${digits(quantile(values, 0.99))}, over a ping ${
        digits(middle - base)
      }`,
    );
  }
  console.log(`legacy to channel: ${digits((median(times.legacy) - base) / (median(times.channel) - base))}`);
} finally {
  haft("daemon", "stop");
}

function haft(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`haft ${args.join(" ")}: ${stderr}`);
  return stdout;
}
