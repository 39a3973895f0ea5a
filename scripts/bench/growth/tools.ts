import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../build.ts";
import { loopbackManifest, LoopbackTools } from "../loopback_tools.ts";
import { bench } from "../report/bench.ts";
import { Scratch } from "../scratch.ts";
import { timeCommand } from "../spawn.ts";
import { waysToRun } from "./run_ways.ts";

// Asking for a tool in a project that asks for more and more of them.

const SIZES = [1, 10, 50, 200];

await bench({ rounds: 15, core: 1 }, async function* (run) {
  const { rounds } = run;
  const sizes = run.sizes(SIZES);
  const { path: binary } = await build();
  using scratch = new Scratch();
  const most = Math.max(...sizes);
  await using tools = await LoopbackTools.start(scratch.directory("registry"), { count: most, bytes: 0 });
  const projects = sizes.map((size) => {
    const cwd = scratch.directory("project");
    const env = { ...tools.env, HAFT_HOME: join(cwd, "home"), XDG_RUNTIME_DIR: cwd };
    writeFileSync(join(cwd, "haft.toml"), loopbackManifest(size));
    timeCommand([binary, "sync"], { cwd, env });
    return { size, cwd, env };
  });
  yield* await waysToRun(projects, {
    binary,
    rounds,
    name: "grow.tools",
    along: "tools asked for",
    expected: "linear",
  });
});
