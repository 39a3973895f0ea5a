/**
 * A Python backend over its channel beside one over its stdin and stdout (`mode = "legacy"`): latency, calls
 * a second, and what a call costs in processor time and the backend in memory, beside what AuroraView's
 * document says of the move. Both answer through the same daemon, in turns.
 *
 *     deno task build && deno run -A scripts/bench/stdout_or_socket.ts [calls]
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { markdownTable } from "../support/markdown_table.ts";
import { projectRoot } from "../support/project.ts";
import { BenchDaemon } from "./bench_daemon.ts";
import { processorTime, residentMemory } from "./process_state.ts";
import { digits, machineLine, median } from "./support.ts";

const calls = Number(process.argv[2] ?? 10_000);
const IN_FLIGHT = 32;
const ROUNDS = 5;
const MODES = ["legacy", "channel"] as const;
type Mode = typeof MODES[number];

const table = (mode: Mode) => `[backends.${mode}]\ncommand = ["python3", "agent.py"]\nmode = "${mode}"\n`;
await using bench = await BenchDaemon.start(MODES.map(table).join(""), {
  env: { PYTHONPATH: join(projectRoot, "clients", "python", "src") },
});
const { cwd } = bench;
writeFileSync(
  join(cwd, "agent.py"),
  "from haft_ipc.backend import Backend\nb = Backend()\n@b.handler\ndef echo(data):\n    return data\nb.run()\n",
);
const daemon = await bench.connect();
const call = (backend: Mode) =>
  daemon.request("backend.call", { backend, cwd, method: "echo", data: { n: 1 } });

interface Figures {
  p50: number[];
  perSecond: number[];
  cpu: number[];
}

const figures: Record<Mode, Figures> = {
  legacy: { p50: [], perSecond: [], cpu: [] },
  channel: { p50: [], perSecond: [], cpu: [] },
};
for (const mode of MODES) for (let n = 0; n < 500; n++) await call(mode);
const { backends } = await daemon.request("backend.list", { cwd });
const pid = (mode: Mode) => backends.find(({ name }) => name === mode)?.pid ?? 0;

for (let round = 0; round < ROUNDS; round++) {
  for (const mode of MODES) await measure(mode);
}
console.log(machineLine("not pinned"));
const rows: [what: string, of: (mode: Mode) => number, document: string][] = [
  ["one call, p50 µs", (mode) => median(figures[mode].p50), "faster"],
  [`calls a second, ${IN_FLIGHT} in flight`, (mode) => median(figures[mode].perSecond), "more"],
  ["the backend's processor time a call, µs", (mode) => median(figures[mode].cpu), "−30 %"],
  ["the backend's memory, MB", (mode) => residentMemory(pid(mode)) / 1e6, "−20 %"],
];
console.log(markdownTable([
  ["", "stdout", "socket", "difference", "the document"],
  ...rows.map(([what, of, document]) => {
    const [stdout, socket] = [of("legacy"), of("channel")];
    return [what, digits(stdout), digits(socket), `${(100 * (socket / stdout - 1)).toFixed(0)} %`, document];
  }),
]));

async function measure(mode: Mode): Promise<void> {
  const { p50, perSecond, cpu } = figures[mode];
  const times: number[] = [];
  for (let n = 0; n < calls / 10; n++) {
    const begun = performance.now();
    await call(mode);
    times.push((performance.now() - begun) * 1000);
  }
  p50.push(median(times));
  const used = processorTime(pid(mode));
  const begun = performance.now();
  let left = calls;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (left-- > 0) await call(mode);
  }));
  perSecond.push(calls / (performance.now() - begun) * 1000);
  cpu.push((processorTime(pid(mode)) - used) / calls * 1e6);
}
