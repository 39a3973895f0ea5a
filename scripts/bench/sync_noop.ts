import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { fourTools } from "./four_tools.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand } from "./spawn.ts";
import { digits, machineLine, median, quantile, ratioLine } from "./support.ts";

// `haft sync` when everything is there already, beside `haft --version`: what is left is the sync's own work.

const rounds = Number(process.argv[2] ?? 40);
const { path: binary } = await build();
using scratch = new Scratch();
const cwd = scratch.directory("project");
writeFileSync(join(cwd, "haft.toml"), fourTools);
const options = { cwd, env: { HAFT_HOME: join(cwd, "home") } };
timeCommand([binary, "sync"], options);

console.log(machineLine());
const times = alternate(rounds, {
  version: () => timeCommand([binary, "--version"], options),
  sync: () => timeCommand([binary, "sync"], options),
  check: () => timeCommand([binary, "sync", "--check"], options),
});
console.log(`haft --version            ${digits(median(times.version))} ms`);
console.log(
  `haft sync, nothing to do  ${digits(median(times.sync))} ms (p95 ${digits(quantile(times.sync, 0.95))})`,
);
console.log(`haft sync --check         ${digits(median(times.check))} ms`);
const baseline = { name: "haft --version", value: median(times.version) };
console.log(ratioLine("haft sync, nothing to do", median(times.sync), baseline, "ms"));
