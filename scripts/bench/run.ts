import { parseArgs } from "@std/cli/parse-args";
import { delay } from "@std/async/delay";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { runCommand } from "../support/command.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand } from "./spawn.ts";
import { digits, machineLine, median } from "./support.ts";

/*
 * Tasks that do nothing, by `haft run` with and without a daemon, beside mise, just and Task, which come from
 * their registries through haft's own catalogue: one task, 10 and 100 that know nothing of each other, and 10
 * and 100 that each wait for the one before.
 *
 *     deno run -A scripts/bench/run.ts [--rounds 15]
 */

const args = parseArgs(process.argv.slice(2), { string: ["rounds"] });
const rounds = Number(args["rounds"] ?? 15);
const { path: haft } = await build();
using scratch = new Scratch();
const home = scratch.directory("home");
const env = {
  HOME: home,
  HAFT_HOME: join(home, "haft"),
  XDG_RUNTIME_DIR: scratch.directory("run"),
  HAFT_SOCKET: undefined,
  MISE_TRUSTED_CONFIG_PATHS: "/",
  MISE_YES: "1",
};
const peers = await installPeers();

/** The same tasks, once for each program. */
function project(name: string, count: number, chain: boolean): string {
  const cwd = scratch.directory(name);
  const numbers = Array.from({ length: count }, (_, at) => at);
  const names = numbers.map((at) => `t${at}`);
  const before = (at: number) => chain && at > 0 ? [`t${at - 1}`] : [];
  const list = (all: readonly string[]) => all.map((one) => `"${one}"`).join(", ");
  const toml = numbers.map((at) => `[tasks.t${at}]\nrun = "true"\ndepends = [${list(before(at))}]\n`);
  const all = `[tasks.all]\ndepends = [${list(names)}]\n`;
  const files = {
    "haft.toml": `${toml.join("")}${all}`,
    "mise.toml": `${toml.join("")}${all}`,
    justfile: `all: ${names.join(" ")}\n${
      numbers.map((at) => `t${at}: ${before(at).join("")}\n    @true\n`).join("")
    }`,
    "Taskfile.yml": `version: "3"\nsilent: true\ntasks:\n  all:\n    deps: [${names.join(", ")}]\n${
      numbers.map((at) => `  t${at}:\n    deps: [${before(at).join("")}]\n    cmds: ["sh -c true"]\n`).join(
        "",
      )
    }`,
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(cwd, file), text);
  timeCommand([haft, "trust"], { cwd, env });
  return cwd;
}

const shapes = [
  { name: "1 task", count: 1, chain: false },
  { name: "10 tasks", count: 10, chain: false },
  { name: "a chain of 10", count: 10, chain: true },
  { name: "100 tasks", count: 100, chain: false },
  { name: "a chain of 100", count: 100, chain: true },
].map((shape) => ({ ...shape, cwd: project(shape.name.replaceAll(" ", "-"), shape.count, shape.chain) }));

// What haft knows of a project is kept once its files have settled.
await delay(2_100);
console.log(`${machineLine()}; median of ${rounds} rounds in turn, ms; ${peers.versions.join(", ")}\n`);
console.log("| | haft run | with a daemon | mise run | just | task |\n| --- | --- | --- | --- | --- | --- |");
const anywhere = { cwd: home, env };
let version: number[] = [];
for (const { name, cwd, count, chain } of shapes) {
  const time = (program: string, ...words: string[]) => () => timeCommand([program, ...words], { cwd, env });
  const { mise, just, task } = peers.programs;
  timeCommand([haft, "run", "all"], { cwd, env });
  const turns = count === 1 ? rounds : Math.max(3, Math.ceil(rounds / 3));
  const contenders: Record<string, () => number> = {
    haft: time(haft, "run", "all"),
    ...(count === 1 ? { version: time(haft, "--version") } : {}),
    mise: time(mise, "run", "all"),
    just: time(just, "all"),
    // Task looks at a chain's beginning again for each of its tasks: a hundred take half a minute.
    ...(chain && count > 10 ? {} : { task: time(task, "all") }),
  };
  const without: Record<string, number[]> = alternate(turns, contenders);
  version = without["version"] ?? version;
  timeCommand([haft, "daemon", "start"], anywhere);
  const withDaemon = alternate(turns, { haft: time(haft, "run", "all") });
  timeCommand([haft, "daemon", "stop"], anywhere);
  const cell = (values: readonly number[] | undefined) => values === undefined ? "–" : digits(median(values));
  console.log(
    `| ${
      [
        name,
        cell(without["haft"]),
        cell(withDaemon.haft),
        cell(without["mise"]),
        cell(without["just"]),
        cell(without["task"]),
      ]
        .join(" | ")
    } |`,
  );
}
console.log(`\nhaft --version: ${digits(median(version))} ms`);

async function installPeers() {
  const cwd = scratch.directory("peers");
  writeFileSync(join(cwd, "haft.toml"), '[tools]\nmise = "latest"\njust = "latest"\ntask = "latest"\n');
  const { code, stderr } = await runCommand([haft, "sync"], { cwd, env, output: "capture" });
  if (code !== 0) throw new Error(`The peers could not be installed: ${stderr}`);
  const which = async (name: string) =>
    (await runCommand([haft, "which", name], { cwd, env, output: "capture" })).stdout.trim();
  const programs = { mise: await which("mise"), just: await which("just"), task: await which("task") };
  const { stdout } = await runCommand([haft, "ls"], { cwd, env, output: "capture" });
  const versions = stdout.trim().split("\n").map((line) => line.split(/\s+/).slice(0, 2).join(" "));
  return { programs, versions };
}
