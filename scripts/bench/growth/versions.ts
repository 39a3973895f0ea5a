import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../build.ts";
import { addVersions, loopbackManifest, LoopbackTools } from "../loopback_tools.ts";
import { bench } from "../report/bench.ts";
import { Scratch } from "../scratch.ts";
import { timeCommand } from "../spawn.ts";
import { waysToRun } from "./run_ways.ts";

// Asking for a tool while the store has more and more versions of it, of which the project wants one. `haft
// ls` lists what the project asks for, so that it is flat as well.

const SIZES = [10, 100, 500, 2_000];

await bench({ rounds: 15, core: 1 }, async function* (run) {
  const { rounds } = run;
  const sizes = run.sizes(SIZES);
  const { path: binary } = await build();
  using scratch = new Scratch();
  await using tools = await LoopbackTools.start(scratch.directory("registry"), { count: 1, bytes: 0 });
  const projects = sizes.map((size) => {
    const cwd = scratch.directory("project");
    const env = { ...tools.env, HAFT_HOME: join(cwd, "home"), XDG_RUNTIME_DIR: cwd };
    writeFileSync(join(cwd, "haft.toml"), loopbackManifest(1));
    timeCommand([binary, "sync"], { cwd, env });
    addVersions(join(cwd, "home", "store"), "npm+bench-tool-0", size);
    return { size, cwd, env };
  });
  yield* await waysToRun(projects, {
    binary,
    rounds,
    name: "grow.versions",
    along: "versions in the store",
    expected: "flat",
  });
});
