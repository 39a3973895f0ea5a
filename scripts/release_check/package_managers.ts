/**
 * The package managers that no machine here has, and a real registry: from npm, pinned, into a cache that
 * later runs use again.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { runCommand } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { targets } from "../support/targets.ts";
import type { Way } from "./check_way.ts";
import type { PublishedRelease } from "./publish.ts";

const PACKAGES = {
  dependencies: { pnpm: "10.34.9", verdaccio: "6.8.0", yarn: "1.22.22" },
  // A dependency of verdaccio's asks for a tag that mirrors lack.
  overrides: { "node-fetch": "2.7.0" },
};
const STARTS_WITHIN_MS = 60_000;

/** A verdaccio with this release, in front of the registry that has the tools for the tests. */
export interface Verdaccio extends AsyncDisposable {
  url: string;
  /** Where the executables of {@link PACKAGES} are. */
  bin: string;
}

export async function startVerdaccio(release: PublishedRelease): Promise<Verdaccio> {
  const directory = await installed();
  const bin = join(directory, "node_modules", ".bin");
  const storage = mkdtempSync(join(tmpdir(), "haft-verdaccio-"));
  const config = {
    storage,
    uplinks: { tools: { url: release.registry.url, cache: false } },
    packages: {
      // The release is published here, and only here.
      "haft*": { access: "$all", publish: "$all" },
      "@haft/*": { access: "$all", publish: "$all" },
      "**": { access: "$all", proxy: "tools" },
    },
    max_body_size: "200mb",
    log: { type: "stdout", format: "pretty", level: "error" },
  };
  const file = join(storage, "config.yaml");
  // YAML, of which JSON is a part.
  writeFileSync(file, JSON.stringify(config));
  const url = `http://127.0.0.1:${await freePort()}/`;
  const child = spawn(join(bin, "verdaccio"), ["--config", file, "--listen", url], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const stop = () => {
    child.kill();
    rmSync(storage, { recursive: true, force: true });
  };
  try {
    await answers(url);
    const npmrc = join(storage, "npmrc");
    writeFileSync(npmrc, npmrcOf(url));
    const built = readdirSync(join(projectRoot, "dist", "npm")).map((name) =>
      join(projectRoot, "dist", "npm", name)
    );
    for (const path of [...built, ...otherPlatforms(storage, release.version, built)]) {
      const argv = ["npm", "publish", path, "--userconfig", npmrc, "--ignore-scripts", "--tag", "latest"];
      const { code, stderr } = await runCommand(argv, { output: "capture" });
      if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}\n${stderr}`);
    }
  } catch (error) {
    stop();
    throw error;
  }
  return { url, bin, [Symbol.asyncDispose]: () => Promise.resolve(stop()) };
}

/**
 * Packages without a binary for the platforms that were not built: yarn 1 looks up each, although it installs
 * one.
 */
function otherPlatforms(scratch: string, version: string, built: readonly string[]): string[] {
  const names = targets.map(({ platform }) => platform.replace("-glibc", ""));
  const missing = names.filter((name) => !built.some((path) => path.endsWith(`-${name}-${version}.tgz`)));
  return missing.map((name) => {
    const directory = join(scratch, "platforms", name);
    const [os = "", cpu = ""] = name.split("-");
    mkdirSync(directory, { recursive: true });
    const manifest = { name: `@haft/${name}`, version, os: [os], cpu: [cpu] };
    writeFileSync(join(directory, "package.json"), JSON.stringify(manifest));
    return directory;
  });
}

/** Anonymous users may publish; npm wants a token to send. */
function npmrcOf(url: string): string {
  return `registry=${url}\n${url.replace("http:", "")}:_authToken=none\n`;
}

async function installed(): Promise<string> {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const names = Object.entries(PACKAGES.dependencies).map(([name, version]) => `${name}-${version}`);
  const directory = join(cache, "haft-dev", names.join("-"));
  const done = join(directory, "installed");
  if (existsSync(done)) return directory;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), JSON.stringify({ private: true, ...PACKAGES }));
  const argv = ["npm", "install", "--prefix", directory, "--ignore-scripts", "--no-audit", "--no-fund"];
  const { code, stderr } = await runCommand(argv);
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}\n${stderr}`);
  writeFileSync(done, "");
  return directory;
}

async function freePort(): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return await Promise.resolve(listener.addr.port);
}

async function answers(url: string): Promise<void> {
  const deadline = performance.now() + STARTS_WITHIN_MS;
  for (;;) {
    try {
      const { ok, body } = await fetch(new URL("-/ping", url));
      await body?.cancel();
      if (ok) return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(100);
  }
}

/** The ways through a real registry: npm, pnpm, yarn and Bun. */
export function registryWays(release: PublishedRelease, { url, bin }: Verdaccio): Way[] {
  const says = (argv: readonly string[]) => ({
    argv: [...argv, "--version"],
    prints: `haft ${release.version}`,
  });
  const pnpmHome = (home: string) => join(home, "pnpm");
  const pnpm = (home: string) => ({
    PNPM_HOME: pnpmHome(home),
    PATH: [pnpmHome(home), process.env["PATH"]].join(delimiter),
  });
  const yarn = (
    home: string,
  ) => ["--prefix", join(home, "yarn"), "--global-folder", join(home, "yarn-global")];
  const npm = (home: string) => join(home, "npm");
  const bun = (home: string) => ({ BUN_INSTALL: join(home, ".bun") });
  const common = { haft: true, npmrc: npmrcOf(url) };
  return [
    {
      ...common,
      name: "verdaccio: npm install -g haft",
      install: async ({ home, run }) =>
        void await run(["npm", "install", "--global", "--prefix", npm(home), "haft"]),
      start: (home) => says([join(npm(home), "bin", "haft")]),
      leaves: (home) => [join(npm(home), "bin", "haft")],
      remove: async ({ home, run }) => {
        await run(["npm", "uninstall", "--global", "--prefix", npm(home), "haft"]);
      },
    },
    {
      ...common,
      name: "verdaccio: pnpm add -g haft",
      install: async ({ home, run }) => {
        mkdirSync(pnpmHome(home));
        await run([join(bin, "pnpm"), "add", "--global", "haft"], { env: pnpm(home) });
      },
      start: (home) => says([join(pnpmHome(home), "haft")]),
      leaves: (home) => [join(pnpmHome(home), "haft")],
      remove: async ({ home, run }) => {
        await run([join(bin, "pnpm"), "remove", "--global", "haft"], { env: pnpm(home) });
      },
    },
    {
      ...common,
      name: "verdaccio: pnpm dlx haft",
      runner: true,
      install: async ({ home, run }) =>
        void await run([join(bin, "pnpm"), "dlx", "haft", "--version"], { env: pnpm(home) }),
      start: () => says([join(bin, "pnpm"), "dlx", "haft"]),
    },
    {
      ...common,
      name: "verdaccio: yarn global add haft",
      install: async ({ home, run }) =>
        void await run([join(bin, "yarn"), "global", "add", "haft", "--registry", url, ...yarn(home)]),
      start: (home) => says([join(home, "yarn", "bin", "haft")]),
      leaves: (home) => [join(home, "yarn", "bin", "haft")],
      remove: async ({ home, run }) => {
        await run([join(bin, "yarn"), "global", "remove", "haft", ...yarn(home)]);
      },
    },
    {
      ...common,
      name: "verdaccio: bun add -g haft",
      install: async ({ home, run }) =>
        void await run(["bun", "add", "--global", "haft"], { env: bun(home) }),
      start: (home) => says([join(home, ".bun", "bin", "haft")]),
      leaves: (home) => [join(home, ".bun", "bin", "haft")],
      remove: async ({ home, run }) => {
        await run(["bun", "remove", "--global", "haft"], { env: bun(home) });
      },
    },
  ];
}
