import { join } from "node:path";
import process from "node:process";
import { build, bundle } from "../build.ts";
import { builderBun } from "../support/builder.ts";
import { deno } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { alternate, timeCommand } from "./spawn.ts";
import { digits, machineLine, median, quantile, ratioLine } from "./support.ts";

// What starting haft costs, in the three ways there are, beside starting a program that does nothing.

const rounds = Number(process.argv[2] ?? 40);
const binary = (await build()).path;
const script = (await bundle()).path;
const bun = await builderBun();
const options = { cwd: projectRoot, env: {} };
const run = (...argv: string[]) => () => timeCommand(argv, options);

console.log(machineLine());
const times = alternate(rounds, {
  "/bin/true": run("/bin/true"),
  "dist/haft --version": run(binary, "--version"),
  "dist/haft --help": run(binary, "--help"),
  "bun dist/haft.js --version": run(bun, "--no-install", script, "--version"),
  "deno run -A main.ts --version": run(deno, "run", "-A", join(projectRoot, "main.ts"), "--version"),
});
for (const [name, values] of Object.entries(times)) {
  console.log(`${name.padEnd(30)} ${digits(median(values))} ms (p95 ${digits(quantile(values, 0.95))})`);
}
const spawnCost = { name: "/bin/true", value: median(times["/bin/true"]) };
console.log(ratioLine("dist/haft --version", median(times["dist/haft --version"]), spawnCost, "ms"));
