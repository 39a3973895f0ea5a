import { delay } from "@std/async/delay";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.ts";
import { mustRun, runCommand } from "../support/command.ts";
import { compiledProgram } from "./bun_program.ts";
import { addVersions, loopbackManifest, LoopbackTools } from "./loopback_tools.ts";
import { bench, type Run } from "./report/bench.ts";
import { firstLine } from "./report/machine.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand } from "./spawn.ts";

// The ways to run a tool that does nothing: itself, by a compiled program that only replaces itself, by its
// shim, by `haft exec` with the answer remembered, after a file has changed, and with nothing remembered,
// asking the daemon or reading the project; and by `mise x`. The tool is esbuild's place in the store with
// /bin/true in it. In the end the shim once more, with 2,000 versions in the store and 200 tools asked for.

const ESBUILD = "0.28.2";
const LARGE = { tools: 200, versions: 2_000 };
/** Answers are kept only once the files that they come from have settled. */
const SETTLE_MS = 2_100;

interface Place {
  cwd: string;
  env: Record<string, string | undefined>;
}

await bench({ rounds: 61, core: 1 }, async function* (run) {
  const { path: built } = await build();
  using scratch = new Scratch();
  const binary = scratch.copyOf(built);
  const replace = scratch.copyOf(
    await compiledProgram("programs/replace_itself.ts", scratch.directory("program")),
  );
  const cwd = scratch.directory("project");
  const env = {
    HAFT_HOME: join(cwd, "home"),
    XDG_RUNTIME_DIR: scratch.directory("run"),
    HAFT_SOCKET: undefined,
  };
  writeFileSync(join(cwd, "haft.toml"), `[tools]\nesbuild = "${ESBUILD}"\nmise = "latest"\n`);
  const here: Place = { cwd, env };
  timeCommand([binary, "sync"], here);
  const tool = await which(binary, "esbuild", here);
  copyFileSync("/bin/true", tool);
  const shim = join(cwd, "home", "shims", "esbuild");
  const mise = await linkedMise(await which(binary, "mise", here), tool, { scratch, run });
  await delay(SETTLE_MS);
  for (let n = 0; n < 3; n++) timeCommand([shim], here);

  const elsewhere = placesIn(here);
  const changed = changingProject(here);
  const exec = (place: Place) => timeCommand([binary, "exec", "esbuild"], place);
  const times = alternate(run.rounds, {
    direct: () => timeCommand([tool], here),
    replaced: () => timeCommand([replace, tool], here),
    shim: () => timeCommand([shim], here),
    exec: () => exec(here),
    changed: () => exec(changed()),
    reading: () => exec(elsewhere()),
  });
  const unit = "ms";
  const itself = { name: "the tool itself", values: times.direct };
  yield {
    name: "exec.remembered",
    title: "`haft exec TOOL`",
    unit,
    values: times.exec,
    baseline: { name: "a compiled program that only replaces itself", values: times.replaced },
    goal: { of: "ratio", atMost: 1.15 },
  };
  yield {
    name: "exec.changed",
    title: "`haft exec TOOL` when a file changed",
    unit,
    values: times.changed,
    baseline: itself,
    goal: { of: "difference", atMost: 7 },
  };
  yield {
    name: "exec.reading",
    title: "`haft exec TOOL` in a new directory",
    unit,
    values: times.reading,
    baseline: itself,
  };
  yield {
    name: "shim",
    title: "a shim",
    unit,
    values: times.shim,
    baseline: itself,
    goal: { of: "difference", atMost: 0.5 },
  };
  if (mise !== undefined) {
    const beside = alternate(Math.ceil(run.rounds / 4), {
      exec: () => exec(here),
      mise: () => timeCommand(mise.argv, mise.place),
    });
    yield {
      name: "exec.mise",
      title: "`haft exec TOOL`",
      unit,
      values: beside.exec,
      baseline: { name: "`mise x -- TOOL`", values: beside.mise },
    };
  }
  timeCommand([binary, "daemon", "start"], here);
  const asking = alternate(Math.ceil(run.rounds / 2), {
    direct: () => timeCommand([tool], here),
    asking: () => exec(elsewhere()),
  });
  timeCommand([binary, "daemon", "stop"], here);
  yield {
    name: "exec.asking",
    title: "`haft exec TOOL` in a new directory, a daemon asked",
    unit,
    values: asking.asking,
    baseline: { ...itself, values: asking.direct },
  };

  const large = await largeStore(binary, scratch);
  const many = alternate(run.rounds, {
    direct: () => timeCommand([large.tool], large.place),
    shim: () => timeCommand([large.shim], large.place),
  });
  await large.end();
  const { tools, versions } = LARGE;
  yield {
    name: "shim.large",
    title: `a shim, ${tools} tools asked for and ${versions.toLocaleString("en")} versions in the store`,
    unit,
    values: many.shim,
    baseline: { ...itself, values: many.direct },
    goal: { of: "difference", atMost: 0.5 },
  };
});

/** Nothing is remembered for a directory in which nothing was run yet. */
function placesIn({ cwd, env }: Place): () => Place {
  let places = 0;
  return () => {
    const place = join(cwd, `place-${places++}`);
    mkdirSync(place);
    return { cwd: place, env };
  };
}

/** The project of its own directory, whose manifest has just been written to. */
function changingProject({ cwd, env }: Place): () => Place {
  const own = join(cwd, "changing");
  mkdirSync(own);
  for (const name of ["haft.toml", "haft.lock"]) copyFileSync(join(cwd, name), join(own, name));
  const manifest = readFileSync(join(own, "haft.toml"), "utf8");
  let changes = 0;
  return () => {
    // A setting: a comment would be a change that decides nothing.
    writeFileSync(join(own, "haft.toml"), `${manifest}[settings]\njobs = ${1 + changes++ % 64}\n`);
    return { cwd: own, env };
  };
}

async function which(binary: string, tool: string, { cwd, env }: Place): Promise<string> {
  return (await mustRun([binary, "which", tool], { cwd, env })).stdout.trim();
}

/** mise with the same executable as an installed tool, by its own `mise link`. */
async function linkedMise(
  mise: string,
  tool: string,
  { scratch, run }: { scratch: Scratch; run: Run },
): Promise<{ argv: string[]; place: Place } | undefined> {
  const root = scratch.directory("mise");
  const cwd = join(root, "project");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "mise.toml"), `[tools]\n"npm:esbuild" = "${ESBUILD}"\n`);
  const env = {
    MISE_DATA_DIR: join(root, "data"),
    MISE_CONFIG_DIR: join(root, "config"),
    MISE_STATE_DIR: join(root, "state"),
    MISE_CACHE_DIR: join(root, "cache"),
    MISE_TRUSTED_CONFIG_PATHS: root,
    MISE_OFFLINE: "1",
  };
  const { code, stderr } = await runCommand(
    [mise, "link", `npm:esbuild@${ESBUILD}`, join(tool, "..", "..")],
    { cwd, env, output: "capture" },
  );
  if (code === 0) {
    run.peer("mise", firstLine(mise, "--version"));
    return { argv: [mise, "x", "--", "esbuild"], place: { cwd, env } };
  }
  run.missing("`mise x`", stderr.trim());
  return undefined;
}

/** A project that asks for many tools, one of which has many versions in the store. */
async function largeStore(binary: string, scratch: Scratch) {
  const cwd = scratch.directory("large");
  const tools = await LoopbackTools.start(cwd, { count: LARGE.tools, bytes: 0 });
  const home = join(cwd, "home");
  const env = { ...tools.env, HAFT_HOME: home, XDG_RUNTIME_DIR: scratch.directory("run") };
  const place: Place = { cwd, env };
  writeFileSync(join(cwd, "haft.toml"), loopbackManifest(LARGE.tools));
  timeCommand([binary, "sync"], place);
  addVersions(join(home, "store"), "npm+bench-tool-7", LARGE.versions);
  const tool = await which(binary, "bench-tool-7", place);
  copyFileSync("/bin/true", tool);
  await delay(SETTLE_MS);
  const shim = join(home, "shims", "bench-tool-7");
  for (let n = 0; n < 3; n++) timeCommand([shim], place);
  return { tool, shim, place, end: () => tools[Symbol.asyncDispose]() };
}
