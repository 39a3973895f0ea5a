import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../build.ts";
import { loopbackManifest, LoopbackTools } from "../loopback_tools.ts";
import { bench } from "../report/bench.ts";
import { Scratch } from "../scratch.ts";
import { alternate, timeCommand } from "../spawn.ts";

// A sync of more and more tools, each of 1 MB that does not compress, from a registry on loopback: cold, and
// with nothing to do.

const SIZES = [1, 4, 12, 30, 60];

await bench({ rounds: 5 }, async function* (run) {
  const { rounds } = run;
  const sizes = run.sizes(SIZES);
  const { path: binary } = await build();
  using scratch = new Scratch();
  const most = Math.max(...sizes);
  await using tools = await LoopbackTools.start(scratch.directory("registry"), { count: most, bytes: 1e6 });
  const projectOf = (size: number, lock?: string) => {
    const cwd = scratch.directory("project");
    writeFileSync(join(cwd, "haft.toml"), loopbackManifest(size));
    if (lock !== undefined) writeFileSync(join(cwd, "haft.lock"), lock);
    return { cwd, env: { ...tools.env, HAFT_HOME: join(cwd, "home") } };
  };
  const synced = new Map(sizes.map((size) => {
    const project = projectOf(size);
    timeCommand([binary, "sync"], project);
    return [size, { project, lock: readFileSync(join(project.cwd, "haft.lock"), "utf8") }];
  }));
  const cold = alternate(
    rounds,
    each(sizes, (size) => timeCommand([binary, "sync"], projectOf(size, synced.get(size)?.lock))),
  );
  const idle = alternate(
    rounds * 3,
    each(sizes, (size) => {
      const project = synced.get(size)?.project;
      if (project === undefined) throw new Error(`Nothing was synced for ${size}`);
      return timeCommand([binary, "sync"], project);
    }),
  );
  const common = { along: "tools", unit: "ms", expected: "linear" } as const;
  yield { ...common, name: "grow.sync.cold", title: "cold `haft sync`", points: pointsOf(sizes, cold) };
  yield {
    ...common,
    name: "grow.sync.noop",
    title: "`haft sync`, nothing to do",
    points: pointsOf(sizes, idle),
  };
});

function each(sizes: readonly number[], measure: (size: number) => number): Record<string, () => number> {
  return Object.fromEntries(sizes.map((size) => [`${size}`, () => measure(size)]));
}

function pointsOf(sizes: readonly number[], times: Readonly<Record<string, number[]>>) {
  return sizes.map((size) => ({ size, values: times[size] ?? [] }));
}
