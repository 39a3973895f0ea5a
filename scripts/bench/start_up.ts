import { join } from "node:path";
import { build, bundle } from "../build.ts";
import { builderBun } from "../support/builder.ts";
import { deno } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { compiledProgram } from "./bun_program.ts";
import { bench } from "./report/bench.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand } from "./spawn.ts";

// What starting haft costs, in the three ways there are, beside a program that is compiled as haft is and
// does nothing.

await bench({ rounds: 41, core: 1 }, async function* ({ rounds }) {
  const built = (await build()).path;
  const script = (await bundle()).path;
  const bun = await builderBun();
  using scratch = new Scratch();
  const binary = scratch.copyOf(built);
  const nothing = scratch.copyOf(await compiledProgram("programs/nothing.ts", scratch.directory("nothing")));
  const options = { cwd: projectRoot, env: {} };
  const run = (...argv: string[]) => () => timeCommand(argv, options);
  const times = alternate(rounds, {
    nothing: run(nothing),
    version: run(binary, "--version"),
    help: run(binary, "--help"),
    truth: run("/bin/true"),
  });
  const unit = "ms";
  const baseline = { name: "a compiled Bun program that does nothing", values: times.nothing };
  yield {
    name: "start.version",
    title: "`haft --version`",
    unit,
    values: times.version,
    baseline,
    goal: { of: "ratio", atMost: 1.15 },
  };
  yield { name: "start.help", title: "`haft --help`", unit, values: times.help, baseline };
  yield {
    name: "start.nothing",
    title: "a compiled Bun program that does nothing",
    unit,
    values: times.nothing,
    baseline: { name: "`/bin/true`", values: times.truth },
  };
  const slow = alternate(Math.ceil(rounds / 4), {
    nothing: run(nothing),
    bun: run(bun, "--no-install", script, "--version"),
    deno: run(deno, "run", "-A", join(projectRoot, "main.ts"), "--version"),
  });
  const again = { name: "a compiled Bun program that does nothing", values: slow.nothing };
  yield {
    name: "start.bun",
    title: "`bun dist/haft.js --version`",
    unit,
    values: slow.bun,
    baseline: again,
  };
  yield {
    name: "start.deno",
    title: "`deno run -A main.ts --version`",
    unit,
    values: slow.deno,
    baseline: again,
  };
});
