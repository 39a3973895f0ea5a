import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { builderBun } from "../support/builder.ts";
import type { PublishedRelease } from "./publish.ts";

/** One machine of somebody who has no haft yet. */
export interface Machine {
  home: string;
  release: PublishedRelease;
  /** Runs a command of this machine to its end. @throws {Error} when it fails */
  run(argv: readonly string[], options?: { cwd?: string; env?: Record<string, string> }): Promise<string>;
}

/** One way to get a release. */
export interface Way {
  name: string;
  /** Names another registry than the release's own. */
  npmrc?: string;
  install(machine: Machine): Promise<void>;
  /** What starts what was installed, and the line that it prints. */
  start(home: string): { argv: readonly string[]; prints: string };
  /** It is fetched, or looked up, at each start. */
  runner?: true;
  /** Has a `haft`, which syncs a project and takes its own things away. */
  haft: boolean;
  /** Removes what `haft self uninstall` leaves to a package manager. */
  remove?(machine: Machine): Promise<void>;
  /** What is gone afterwards. */
  leaves?(home: string): string[];
}

export interface Measured {
  /** Of the installation. */
  seconds: number;
  /** Undefined where another registry than the release's own was asked. */
  bytes: number | undefined;
  /** The median time of a start; of runners such as npx, which ask the registry each time, there is none. */
  startMs: number | undefined;
}

/** @throws {Error} at the first thing that is not as it has to be */
export async function checkWay(
  way: Way,
  { home, release }: { home: string; release: PublishedRelease },
): Promise<Measured> {
  const machine: Machine = { home, release, run: (argv, options) => run(argv, { home, ...options }) };
  writeFileSync(join(home, ".npmrc"), way.npmrc ?? release.registry.npmrc());
  release.takeBytes();
  const begun = performance.now();
  await way.install(machine);
  const seconds = (performance.now() - begun) / 1000;
  const { argv, prints } = way.start(home);
  const said = (await machine.run(argv)).trim();
  if (said !== prints) throw new Error(`${argv.join(" ")} prints "${said}" instead of "${prints}"`);
  const taken = release.takeBytes();
  const bytes = way.npmrc === undefined ? taken : undefined;
  const startMs = way.runner === true ? undefined : medianStart(argv, home);
  if (way.haft) await syncAndUninstall(argv.slice(0, -1), machine);
  await way.remove?.(machine);
  const left = (way.leaves?.(home) ?? []).filter((path) => existsSync(path));
  if (left.length > 0) throw new Error(`${left.join(" and ")} is still there after the uninstall`);
  return { seconds, bytes, startMs };
}

async function syncAndUninstall(haft: readonly string[], { home, run }: Machine): Promise<void> {
  const project = join(home, "project");
  const files = ["haft.toml", "haft.lock"].map((name) => join(project, name));
  writeFileSync(join(project, "haft.toml"), '[tools]\nesbuild = "1"\n');
  await run([...haft, "sync"], { cwd: project });
  const said = await run([...haft, "x", "esbuild"], { cwd: project });
  if (said.trim() !== "esbuild ran") throw new Error(`The tool that was synced prints "${said.trim()}"`);
  const before = files.map((path) => readFileSync(path, "utf8"));
  await run([...haft, "self", "uninstall", "--yes"], { cwd: project });
  if (files.some((path, index) => readFileSync(path, "utf8") !== before[index])) {
    throw new Error("haft self uninstall changed the project");
  }
  const data = join(home, ".local", "share", "haft");
  if (existsSync(data)) throw new Error(`${data} is still there after haft self uninstall`);
}

/** The bun of haft.toml, which is also what builds haft. */
const bunDirectory = dirname(await builderBun());

function environment(home: string): Record<string, string> {
  const PATH = [bunDirectory, process.env["PATH"]].join(delimiter);
  // npm's own directories come from HOME; nothing of this machine's settings is inherited.
  return { PATH, HOME: home, XDG_RUNTIME_DIR: home, NO_COLOR: "1", no_proxy: "127.0.0.1" };
}

const NETWORK =
  /^(https?_proxy|all_proxy|pip_.*|npm_config_registry|node_extra_ca_certs|ssl_cert_file|deno_cert|requests_ca_bundle)$/i;

/** How this machine reaches the registries, for a way that asks them instead of the release's own. */
export function ownNetwork(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      NETWORK.test(name) && value !== undefined ? [[name, value]] : []
    ),
  );
}

interface RunOptions {
  home: string;
  cwd?: string;
  env?: Record<string, string>;
}

async function run(
  [program = "", ...args]: readonly string[],
  { home, cwd = home, env = {} }: RunOptions,
): Promise<string> {
  const child = spawn(program, args, {
    cwd,
    env: { ...environment(home), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => stdout += chunk);
  child.stderr.on("data", (chunk) => stderr += chunk);
  const [code] = await once(child, "close");
  if (code === 0) return stdout;
  throw new Error(`${[program, ...args].join(" ")} ended with ${code}\n${stdout}${stderr}`);
}

function medianStart([program = "", ...args]: readonly string[], home: string): number | undefined {
  const times = Array.from({ length: 15 }, () => {
    const begun = performance.now();
    spawnSync(program, args, { cwd: home, env: environment(home) });
    return performance.now() - begun;
  });
  return times.sort((a, b) => a - b)[7];
}
