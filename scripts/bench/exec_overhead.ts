import { delay } from "@std/async/delay";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { runCommand } from "../support/command.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand } from "./spawn.ts";
import { digits, machineLine, median, quantile, ratioLine } from "./support.ts";

// `haft exec TOOL` beside running the tool's executable directly, and beside `mise x`. mise itself comes
// through haft.

const esbuildVersion = "0.28.2";
const rounds = Number(process.argv[2] ?? 60);
const { path: binary } = await build();
using scratch = new Scratch();
const cwd = scratch.directory("project");
writeFileSync(join(cwd, "haft.toml"), `[tools]\nesbuild = "${esbuildVersion}"\nmise = "latest"\n`);
const options = { cwd, env: { HAFT_HOME: join(cwd, "home") } };
timeCommand([binary, "sync"], options);
const esbuild = await which("esbuild");
const mise = await which("mise");
const miseOptions = await miseProject();

console.log(machineLine());
const direct = () => timeCommand([esbuild, "--version"], options);
const ours = () => timeCommand([binary, "exec", "esbuild", "--", "--version"], options);
// With an option the known answer is not asked for: what the first run after a change costs.
const longWay = () => timeCommand([binary, "exec", "--install", "esbuild", "--version"], options);
// Answers are kept only once the files that they come from have settled.
await delay(2_100);
ours();
const times = miseOptions === undefined
  ? { ...alternate(rounds, { direct, ours, longWay }), mise: [] }
  : alternate(rounds, {
    direct,
    ours,
    longWay,
    mise: () => timeCommand([mise, "x", "--", "esbuild", "--version"], miseOptions),
  });
const base = median(times.direct);
report("esbuild --version", times.direct);
report("haft exec esbuild -- --version", times.ours);
report("the same after a change", times.longWay);
if (times.mise.length > 0) report("mise x -- esbuild --version", times.mise);
console.log(ratioLine("haft exec", median(times.ours), { name: "the direct run", value: base }, "ms"));
if (times.mise.length > 0) {
  const baseline = { name: "what mise x adds", value: median(times.mise) - base };
  console.log(ratioLine("what haft exec adds", median(times.ours) - base, baseline, "ms"));
}

function report(name: string, values: readonly number[]): void {
  const middle = median(values);
  const over = values === times.direct ? "" : `, +${digits(middle - base)} ms`;
  console.log(`${name.padEnd(31)} ${digits(middle)} ms (p95 ${digits(quantile(values, 0.95))})${over}`);
}

async function which(tool: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand([binary, "which", tool], {
    ...options,
    output: "capture",
  });
  if (code !== 0) throw new Error(`haft which ${tool}: ${stderr}`);
  return stdout.trim();
}

/** A project in which mise has the same executable as an installed tool, by its own `mise link`. */
async function miseProject() {
  const root = scratch.directory("mise");
  const project = join(root, "project");
  mkdirSync(project);
  writeFileSync(join(project, "mise.toml"), `[tools]\n"npm:esbuild" = "${esbuildVersion}"\n`);
  const env = {
    MISE_DATA_DIR: join(root, "data"),
    MISE_CONFIG_DIR: join(root, "config"),
    MISE_STATE_DIR: join(root, "state"),
    MISE_CACHE_DIR: join(root, "cache"),
    MISE_TRUSTED_CONFIG_PATHS: root,
    MISE_OFFLINE: "1",
  };
  const linked = await runCommand(
    [mise, "link", `npm:esbuild@${esbuildVersion}`, join(esbuild, "..", "..")],
    {
      cwd: project,
      env,
      output: "capture",
    },
  );
  if (linked.code === 0) return { cwd: project, env };
  console.error(`mise cannot take part: ${linked.stderr.trim()}`);
  return undefined;
}
