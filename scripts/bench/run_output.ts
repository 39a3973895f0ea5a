import { spawnSync } from "node:child_process";
import { closeSync, openSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { childrenTime } from "./process_state.ts";
import { Scratch } from "./scratch.ts";
import { digits, machineLine, printTable } from "./support.ts";

// What output costs: a task that prints 100,000 lines into a file, by `haft run` and by the shell alone, in
// processor time of all processes, which a busy machine changes less than the clock.
//
//     deno run -A scripts/bench/run_output.ts [ROUNDS]

const LINES = 100_000;
const SCRIPT = `i=0; while [ $i -lt ${LINES} ]; do echo "line $i of the output"; i=$((i+1)); done`;
const rounds = Number(process.argv[2] ?? 7);
const { path: haft } = await build();
using scratch = new Scratch();
const cwd = scratch.directory("project");
const home = scratch.directory("home");
const env = { ...process.env, HOME: home, HAFT_HOME: join(home, "haft"), XDG_RUNTIME_DIR: home };
writeFileSync(join(cwd, "haft.toml"), `[tasks.talk]\nrun = ${JSON.stringify(SCRIPT)}\n`);
run([haft, "trust"], "trust");

const contenders = { "sh -c": ["sh", "-c", SCRIPT], "haft run": [haft, "run", "talk"] };
const taken = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
const size = run(contenders["sh -c"], "expected");
for (let round = 0; round < rounds; round++) {
  const turn = Object.entries(contenders);
  for (const [name, argv] of round % 2 === 0 ? turn : turn.toReversed()) {
    const before = childrenTime();
    const written = run(argv, "out");
    if (written !== size) throw new Error(`${name} wrote ${written} of ${size} bytes`);
    taken.get(name)?.push((childrenTime() - before) * 1_000);
  }
}
console.log(machineLine());
console.log(`${LINES} lines, ${digits(size / 1e6)} MB, all of them in the file each time`);
printTable("into a file", "ms of processor time", [...taken].map(([name, values]) => ({ name, values })));

/** @returns how many bytes the command wrote to its standard output, a file */
function run([file = "", ...args]: readonly string[], output: string): number {
  const path = join(cwd, output);
  const descriptor = openSync(path, "w");
  const { status } = spawnSync(file, args, { cwd, env, stdio: ["ignore", descriptor, "inherit"] });
  closeSync(descriptor);
  if (status !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${status}`);
  return statSync(path).size;
}
