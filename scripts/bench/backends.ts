import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../support/project.ts";
import { BenchDaemon } from "./bench_daemon.ts";
import { digits, machineLine, median, quantile } from "./support.ts";

// A call of a Python backend through the daemon, over a channel and over its stdio, beside a request that the
// daemon answers itself: the difference is what lies between the daemon and the backend.

const rounds = Number(process.argv[2] ?? 2_000);
const table = (name: string, mode: string) =>
  `[backends.${name}]\ncommand = ["python3", "agent.py"]\nmode = "${mode}"\n`;
await using bench = await BenchDaemon.start(table("channel", "channel") + table("legacy", "legacy"), {
  env: { PYTHONPATH: join(projectRoot, "clients", "python", "src") },
});
const { cwd } = bench;
writeFileSync(
  join(cwd, "agent.py"),
  "from haft_ipc.backend import Backend\nb = Backend()\n@b.handler\ndef echo(data):\n    return data\nb.run()\n",
);
const daemon = await bench.connect();
const call = (backend: string) =>
  daemon.request("backend.call", { backend, cwd, method: "echo", data: { n: 1 } });
const ways = {
  ping: () => daemon.request("daemon.ping", {}),
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
