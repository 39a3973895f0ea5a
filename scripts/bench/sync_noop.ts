import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.ts";
import { setTimeout as delay } from "node:timers/promises";
import { FOUR, syncManifest } from "./sync_tools.ts";
import { bench } from "./report/bench.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand, timeOnTerminal } from "./spawn.ts";

// `haft sync` when everything is there already, beside `haft --version`: what is left is the sync's own work.

await bench({ rounds: 41, core: 1 }, async function* ({ rounds }) {
  const { path: binary } = await build();
  using scratch = new Scratch();
  const cwd = scratch.directory("project");
  writeFileSync(join(cwd, "haft.toml"), syncManifest(FOUR));
  const options = { cwd, env: { HAFT_HOME: join(cwd, "home") } };
  timeCommand([binary, "sync"], options);
  // A file that changed less than two seconds ago could change again unseen: what it decides is not
  // remembered.
  await delay(2_500);
  timeCommand([binary, "sync"], options);
  // Once on a terminal too, whose colours and width decide what is remembered.
  for (let time = 0; time < 2; time++) timeOnTerminal([binary, "sync"], options);
  const times = alternate(rounds, {
    version: () => timeCommand([binary, "--version"], options),
    sync: () => timeCommand([binary, "sync"], options),
    check: () => timeCommand([binary, "sync", "--check"], options),
  });
  const baseline = { name: "`haft --version`", values: times.version };
  yield {
    name: "sync.noop",
    title: "`haft sync`, nothing to do, into a pipe or file",
    unit: "ms",
    values: times.sync,
    baseline,
    goal: { of: "ratio", atMost: 1.3 },
  };
  const onTerminal = alternate(rounds, {
    version: () => timeOnTerminal([binary, "--version"], options),
    sync: () => timeOnTerminal([binary, "sync"], options),
  });
  yield {
    name: "sync.terminal",
    title: "`haft sync`, nothing to do, on a terminal",
    unit: "ms",
    values: onTerminal.sync,
    baseline: { name: "`haft --version` on a terminal", values: onTerminal.version },
    goal: { of: "ratio", atMost: 1.3 },
  };
  yield { name: "sync.check", title: "`haft sync --check`", unit: "ms", values: times.check, baseline };
});
