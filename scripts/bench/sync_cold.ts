import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { builderBun } from "../support/builder.ts";
import { mustRun } from "../support/command.ts";
import { bench, type Run } from "./report/bench.ts";
import type { Measured } from "./report/figure.ts";
import { firstLine } from "./report/machine.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand } from "./spawn.ts";
import { FOUR, miseManifest, syncManifest, TWELVE } from "./sync_tools.ts";
import { lockedTarballs, type Tarball } from "./tarballs.ts";

/*
 * A cold `haft sync` of four tools and of twelve: an empty HAFT_HOME and a lock file, as on a colleague's
 * machine. Beside it a parallel `curl | tar xz` of the same tarballs, which verifies nothing and syncs
 * nothing to the disk; `bun install` and `npm ci` of the same packages; and `mise install` of the same tools.
 * Every run has a fresh directory and fresh caches. Not pinned: all of them use what cores there are.
 */

type Tools = typeof FOUR;

await bench({ rounds: 5 }, async function* (run) {
  const { path: binary } = await build();
  const bun = await builderBun();
  using scratch = new Scratch();
  const mise = await foundMise(binary, { scratch, run });
  run.peer("bun", firstLine(bun, "--version"));
  run.peer("npm", firstLine("npm", "--version"));
  run.peer("curl", firstLine("curl", "--version"));
  for (const [words, tools] of [["four", FOUR], ["twelve", TWELVE]] as const) {
    yield* measure({ words, tools, binary, bun, mise, scratch, run });
  }
});

async function* measure({ words, tools, binary, bun, mise, scratch, run }: {
  words: string;
  tools: Tools;
  binary: string;
  bun: string;
  mise: string | undefined;
  scratch: Scratch;
  run: Run;
}): AsyncGenerator<Measured> {
  const first = haftProject(scratch, tools);
  timeCommand([binary, "sync"], first);
  const lock = readFileSync(join(first.cwd, "haft.lock"), "utf8");
  const tarballs = await lockedTarballs(lock, first.cwd);
  const dependencies = Object.fromEntries(tarballs.map(({ name, version }) => [name, version]));
  const packageJson = JSON.stringify({ name: "bench", version: "1.0.0", dependencies });
  const npm = await npmLock(packageJson, scratch);
  const miseWorks = mise !== undefined && taken(run, () => miseInstall(mise, tools, scratch));
  const times: Record<string, number[]> = alternate<string>(run.rounds, {
    haft: () => timeCommand([binary, "sync"], haftProject(scratch, tools, lock)),
    unlocked: () => timeCommand([binary, "sync"], haftProject(scratch, tools)),
    curl: () => curlAndTar(tarballs, scratch),
    bun: () => bunInstall(bun, packageJson, scratch),
    npm: () => npmCi(npm, scratch),
    ...miseWorks ? { mise: () => miseInstall(mise, tools, scratch) } : {},
  });
  const seconds = (name: string) => (times[name] ?? []).map((ms) => ms / 1_000);
  const title = `cold \`haft sync\` of ${words} tools`;
  const goals: [key: string, name: string, atMost: number][] = [
    ["bun", "`bun install` of the same packages", 1],
    ["curl", "`curl | tar`, all at once", 0.85],
    ["mise", "`mise install` of the same tools", 0.5],
    ["npm", "`npm ci` of the same packages", 0.5],
  ];
  for (const [key, name, atMost] of goals.filter(([key]) => times[key] !== undefined)) {
    yield {
      name: `sync.${words}.${key}`,
      title,
      unit: "s",
      values: seconds("haft"),
      baseline: { name, values: seconds(key) },
      goal: { of: "ratio", atMost },
    };
  }
  yield {
    name: `sync.${words}.unlocked`,
    title: `the same without a lock file`,
    unit: "s",
    values: seconds("unlocked"),
    baseline: { name: "with one", values: seconds("haft") },
  };
}

function haftProject(scratch: Scratch, tools: Tools, lock?: string) {
  const cwd = scratch.directory("haft");
  writeFileSync(join(cwd, "haft.toml"), syncManifest(tools));
  if (lock !== undefined) writeFileSync(join(cwd, "haft.lock"), lock);
  return { cwd, env: { HAFT_HOME: join(cwd, "home") } };
}

function curlAndTar(tarballs: readonly Tarball[], scratch: Scratch): number {
  const downloads = tarballs.map(({ url }, index) =>
    `(mkdir ${index} && curl -fsSL '${url}' | tar xz -C ${index}) & pids="$pids $!"`
  );
  const script = ["set -o pipefail", ...downloads, "for pid in $pids; do wait $pid || exit 1; done"]
    .join("\n");
  return timeCommand(["/bin/bash", "-c", script], { cwd: scratch.directory("curl"), env: {} });
}

function bunInstall(bun: string, packageJson: string, scratch: Scratch): number {
  const cwd = scratch.directory("bun");
  writeFileSync(join(cwd, "package.json"), packageJson);
  const argv = [bun, "install", "--ignore-scripts", "--no-save"];
  return timeCommand(argv, { cwd, env: { BUN_INSTALL_CACHE_DIR: join(cwd, "cache") } });
}

interface NpmProject {
  packageJson: string;
  lock: string;
}

async function npmLock(packageJson: string, scratch: Scratch): Promise<NpmProject> {
  const cwd = scratch.directory("npm");
  writeFileSync(join(cwd, "package.json"), packageJson);
  await mustRun(["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"], {
    cwd,
    env: { npm_config_cache: join(cwd, "cache") },
  });
  return { packageJson, lock: readFileSync(join(cwd, "package-lock.json"), "utf8") };
}

function npmCi({ packageJson, lock }: NpmProject, scratch: Scratch): number {
  const cwd = scratch.directory("npm");
  writeFileSync(join(cwd, "package.json"), packageJson);
  writeFileSync(join(cwd, "package-lock.json"), lock);
  const argv = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  return timeCommand(argv, { cwd, env: { npm_config_cache: join(cwd, "cache") } });
}

/** mise itself comes through haft. */
async function foundMise(
  binary: string,
  { scratch, run }: { scratch: Scratch; run: Run },
): Promise<string | undefined> {
  const cwd = scratch.directory("mise-itself");
  writeFileSync(join(cwd, "haft.toml"), '[tools]\nmise = "latest"\n');
  const options = { cwd, env: { HAFT_HOME: join(cwd, "home") } };
  try {
    await mustRun([binary, "sync"], options);
    const mise = (await mustRun([binary, "which", "mise"], options)).stdout.trim();
    run.peer("mise", firstLine(mise, "--version"));
    return mise;
  } catch (error) {
    run.missing("`mise install`", error);
    return undefined;
  }
}

function miseInstall(mise: string, tools: Tools, scratch: Scratch): number {
  const root = scratch.directory("mise");
  const cwd = join(root, "project");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "mise.toml"), miseManifest(tools));
  const env = {
    ...process.env,
    MISE_DATA_DIR: join(root, "data"),
    MISE_CONFIG_DIR: join(root, "config"),
    MISE_STATE_DIR: join(root, "state"),
    MISE_CACHE_DIR: join(root, "cache"),
    MISE_TRUSTED_CONFIG_PATHS: root,
    MISE_YES: "1",
    // It asks when a package was published, which not every registry says.
    MISE_NPM_PACKAGE_MANAGER: "npm",
    MISE_MINIMUM_RELEASE_AGE: "0s",
    npm_config_cache: join(root, "npm"),
  };
  return timeCommand([mise, "install"], { cwd, env });
}

/** Whether it can take part: once, before the rounds. */
function taken(run: Run, once: () => unknown): boolean {
  try {
    once();
    return true;
  } catch (error) {
    run.missing("`mise install`", error);
    return false;
  }
}
