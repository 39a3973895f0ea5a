import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { builderBun } from "../support/builder.ts";
import { fourTools } from "./four_tools.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand, watchMemory } from "./spawn.ts";
import { digits, machineLine, median, ratioLine } from "./support.ts";
import { lockedTarballs } from "./tarballs.ts";

/*
 * A cold `haft sync` of four tools: an empty HAFT_HOME and a lock file, as on a colleague's machine, and once
 * more without the lock file. Beside it a parallel `curl | tar xz` of the same tarballs, which verifies
 * nothing and syncs nothing to the disk, and `bun install` of the same packages. Every run has a fresh
 * directory.
 */

const rounds = Number(process.argv[2] ?? 5);
const { path: binary } = await build();
const bun = await builderBun();
using scratch = new Scratch();
const first = emptyProject();
timeCommand([binary, "sync"], first);
const lock = readFileSync(join(first.cwd, "haft.lock"), "utf8");
const tarballs = await lockedTarballs(lock, first.cwd);

console.log(machineLine());
console.log(
  `${tarballs.map(({ name, version }) => `${name}@${version}`).join(" ")}; ${rounds} rounds, alternating`,
);
const times = alternate(rounds, {
  "haft sync": () => timeCommand([binary, "sync"], lockedProject()),
  "haft sync, no lock file yet": () => timeCommand([binary, "sync"], emptyProject()),
  "curl | tar xz, all at once": curlAndTar,
  "bun install": bunInstall,
});
for (const [name, values] of Object.entries(times)) {
  const all = values.map((ms) => (ms / 1000).toFixed(2)).join(" ");
  console.log(`${name.padEnd(28)} ${(median(values) / 1000).toFixed(2)} s   (${all})`);
}
const ours = median(times["haft sync"]);
console.log(
  ratioLine(
    "haft sync",
    ours,
    { name: "curl | tar xz", value: median(times["curl | tar xz, all at once"]) },
    "ms",
  ),
);
console.log(ratioLine("haft sync", ours, { name: "bun install", value: median(times["bun install"]) }, "ms"));

const peaks = [...(await watchMemory([binary, "sync"], lockedProject())).values()].sort((a, b) =>
  b.bytes - a.bytes
);
console.log(
  `peak memory of any one of ${peaks.length} processes: ${digits((peaks[0]?.bytes ?? NaN) / 1e6)} MB`,
);

function emptyProject() {
  const cwd = scratch.directory("haft");
  writeFileSync(join(cwd, "haft.toml"), fourTools);
  return { cwd, env: { HAFT_HOME: join(cwd, "home") } };
}

function lockedProject() {
  const project = emptyProject();
  writeFileSync(join(project.cwd, "haft.lock"), lock);
  return project;
}

function curlAndTar(): number {
  const downloads = tarballs.map(({ url }, index) =>
    `(mkdir ${index} && curl -fsSL '${url}' | tar xz -C ${index}) & pids="$pids $!"`
  );
  const script = ["set -o pipefail", ...downloads, "for pid in $pids; do wait $pid || exit 1; done"].join(
    "\n",
  );
  return timeCommand(["/bin/bash", "-c", script], { cwd: scratch.directory("curl"), env: {} });
}

function bunInstall(): number {
  const cwd = scratch.directory("bun");
  const dependencies = Object.fromEntries(tarballs.map(({ name, version }) => [name, version]));
  writeFileSync(join(cwd, "package.json"), JSON.stringify({ name: "bench", dependencies }));
  const argv = [bun, "install", "--ignore-scripts", "--no-save"];
  return timeCommand(argv, { cwd, env: { BUN_INSTALL_CACHE_DIR: join(cwd, "cache") } });
}
