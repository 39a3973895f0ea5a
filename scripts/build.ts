import { parseArgs } from "@std/cli/parse-args";
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import process from "node:process";
import settings from "../deno.json" with { type: "json" };
import { builderBun } from "./support/builder.ts";
import { deno, runCommand } from "./support/command.ts";
import { joinCore, QUICK } from "./support/core_module.ts";
import { buildInputs, isFresh, markFresh } from "./support/fresh.ts";
import { projectRoot } from "./support/project.ts";
import { type Target, targetNamed, targets } from "./support/targets.ts";

const usage = `Usage: deno task build [OPTIONS]

Makes dist/haft (a binary that needs nothing else) and dist/haft.js (all of haft in one file, for Bun).

  --target NAME   for another platform, as dist/haft-NAME: ${targets.map((target) => target.name).join(", ")}
  --with RUNTIME  bun (default), or deno: a binary by "deno compile", which downloads its runtime by itself
  --test          dist/haft-test: with the failpoints that the crash tests switch on
  --force         build even when nothing changed`;

export interface BuildOptions {
  target?: Target;
  with?: "bun" | "deno";
  /** Make a build that honours failpoints; release builds have no code for them. */
  test?: boolean;
  force?: boolean;
  /**
   * A build that knows where its releases are, and whose signature they carry; other builds cannot update.
   */
  release?: { url: string; publicKey: string };
  /**
   * Another version than the sources have, in a file `dist/haft-VERSION`: for tests of what an update does.
   */
  version?: string;
}

export interface Built {
  path: string;
  /** False when it was there already, made from the same inputs. */
  fresh: boolean;
}

const bundler: readonly string[] = [
  deno,
  "bundle",
  "--quiet",
  "--platform=deno",
  // Bun's own modules, which src/runtime/ imports only when Bun runs.
  "--external=bun:*",
];

/**
 * All of haft in one JavaScript file, for Bun: `bun dist/haft.js` runs the sources. Deno cannot run it,
 * because a bundler hoists even the imports of modules that are loaded only when they are needed.
 */
export async function bundle({ force = false }: { force?: boolean } = {}): Promise<Built> {
  const path = join(projectRoot, "dist", "haft.js");
  const inputs = buildInputs(bundler.slice(1));
  if (!force && isFresh(path, inputs)) return { path, fresh: false };
  await replaceFile(path, (staged) => mustRun([...bundler, "-o", staged, "main.ts"]));
  markFresh(path, inputs);
  return { path, fresh: true };
}

/** A binary in dist/. */
export async function build(options: BuildOptions = {}): Promise<Built> {
  const { target, test = false, force = false, release, version } = options;
  if (options.with === "deno") return await compileWithDeno(target);
  const bun = await builderBun();
  const name = version === undefined ? "haft" : `haft-${version}`;
  const path = outputPath(test ? `${name}-test` : name, target);
  const flags = [
    "--compile",
    "--minify",
    "--bytecode",
    // Bytecode without it makes a binary that fails at run time: "import.meta is only valid inside modules".
    "--format=esm",
    // Keeps modules that are loaded lazily apart. In one file their imports of node:http, node:zlib and the
    // like would be hoisted to the top, and cost every start 2.7 ms.
    "--splitting",
    // A start compiles nothing; run.ts goes back to the usual policy when a command takes longer.
    "--compile-jit-policy=100",
    // What lies in the user's directory must not change how haft behaves.
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    `--define=HAFT_TEST_BUILD=${test}`,
    // Without it every start evaluates all of deno.json.
    `--define=HAFT_VERSION=${JSON.stringify(version ?? settings.version)}`,
    ...release === undefined ? [] : [
      `--define=HAFT_RELEASES_URL=${JSON.stringify(release.url)}`,
      `--define=HAFT_RELEASE_KEY=${JSON.stringify(release.publicKey)}`,
    ],
    // A CommonJS library that names its directory would carry the path of the machine that built it.
    `--define=__dirname="/haft"`,
    `--define=__filename="/haft/main.js"`,
    ...target === undefined ? [] : ["--target", target.bun],
  ];
  const inputs = buildInputs([basename(bun), ...flags, ...QUICK]);
  if (!force && isFresh(path, inputs)) return { path, fresh: false };
  if (target !== undefined) {
    const { targetRuntime } = await import("./support/target_runtime.ts");
    flags.push("--compile-executable-path", await targetRuntime(target));
  }
  await replaceFile(path, async (staged) => {
    const modules = join(dirname(staged), "modules");
    await mustRun([...bundler, "--code-splitting", "--outdir", modules, "main.ts"]);
    await joinCore(
      modules,
      ({ entry, output, external }) =>
        mustRun([bun, "build", "--target=bun", `--external=${external}`, entry, "--outfile", output]),
    );
    await mustRun([bun, "build", ...flags, join(modules, "main.js"), "--outfile", staged]);
  });
  markFresh(path, inputs);
  return { path, fresh: true };
}

async function compileWithDeno(target: Target | undefined): Promise<Built> {
  if (target !== undefined && target.deno === undefined) {
    throw new RangeError(`Deno has no runtime for ${target.name}; build it with Bun`);
  }
  const path = outputPath("haft-deno", target);
  const flags = target?.deno === undefined ? [] : ["--target", target.deno];
  await replaceFile(path, (staged) => mustRun([deno, "compile", "-A", "-o", staged, ...flags, "main.ts"]));
  return { path, fresh: true };
}

function outputPath(name: string, target: Target | undefined): string {
  const suffix = target === undefined ? "" : `-${target.name}`;
  const windows = (target?.name ?? process.platform).startsWith("win");
  return join(projectRoot, "dist", `${name}${suffix}${windows ? ".exe" : ""}`);
}

/** Makes a file beside its final place and renames it there: a binary that is running is never written to. */
async function replaceFile(path: string, make: (staged: string) => Promise<void>): Promise<void> {
  // Named by what it makes: the names of modules in a binary follow from this path, and two builds must be
  // alike.
  const staging = join(projectRoot, "dist", `.build-${basename(path)}`);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  try {
    const staged = join(staging, basename(path));
    await make(staged);
    renameSync(staged, path);
  } finally {
    rmSync(staging, { recursive: true });
  }
}

async function mustRun(argv: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runCommand(argv, { output: "capture" });
  if (code !== 0) throw new Error(`${argv.join(" ")} failed:\n${stdout}${stderr}`);
}

if (import.meta.main) {
  const args = parseArgs(process.argv.slice(2), {
    boolean: ["test", "force", "help"],
    string: ["target", "with"],
    unknown: (name) => {
      throw new RangeError(`Unknown argument ${name}\n\n${usage}`);
    },
  });
  if (args.help === true) {
    console.log(usage);
  } else {
    if (args.with !== undefined && args.with !== "bun" && args.with !== "deno") {
      throw new RangeError(`--with takes bun or deno, not "${args.with}"`);
    }
    const started = performance.now();
    await bundle({ force: args.force === true });
    const built = await build({
      ...args.target === undefined ? {} : { target: targetNamed(String(args.target)) },
      ...args.with === undefined ? {} : { with: args.with },
      test: args.test === true,
      force: args.force === true,
    });
    const megabytes = (statSync(built.path).size / 1e6).toFixed(0);
    const how = built.fresh
      ? `built in ${((performance.now() - started) / 1000).toFixed(1)} s`
      : "up to date";
    console.log(`${relative(projectRoot, built.path)} (${megabytes} MB), ${how}`);
  }
}
