import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { HaftError } from "../../base/errors.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import type { FileHashes } from "../archive/file_hashes.ts";
import { runtime } from "../../runtime/mod.ts";
import { type BunLock, lockedIntegrity, parseBunLock, withoutAddresses } from "../bun_lock.ts";
import { saysItIsWhole, stageBundledPackage } from "./bundled_package.ts";
import { excludedBy, excludedExecutable, removeExcluded } from "./excluded.ts";
import { failpoint } from "./failpoint.ts";
import { hashTree } from "./hash_tree.ts";
import type { InstallDeps, JsInstaller } from "./install_deps.ts";
import type { StagedTree } from "./install_native.ts";
import { IntegrityError } from "../integrity.ts";
import { installerEnvironment } from "./installer_environment.ts";
import { requireDependents, requireHashes } from "./locked_dependencies.ts";
import { packageBin } from "./package_bin.ts";
import { remoteDependencies, remoteDependencyError, remoteLocked } from "./remote_dependencies.ts";
import { usableDependencies } from "../store/receipt.ts";
import { runInstaller } from "./run_installer.ts";
import { Staging } from "./staging.ts";

const LOCK_FILE = "bun.lock";
/**
 * Bun's home while it installs, with its downloads; removed before the tree counts. Bun checks a hash when it
 * downloads, and never again: what another project let it fetch must not be found here.
 */
const INSTALLER_HOME = ".installer-home";
const TIMEOUT_MS = 10 * 60_000;
/**
 * How long Bun waits for a server that sends nothing, and how often it asks again; by itself it waits 5
 * minutes.
 */
const SERVER_PATIENCE = { BUN_CONFIG_HTTP_IDLE_TIMEOUT: "20", BUN_CONFIG_HTTP_RETRY_COUNT: "3" };

/**
 * Bun's own flags. `--omit=dev` and not `--production`, with which Bun 1.4 writes no lock.
 */
const INSTALL = [
  "install",
  "--ignore-scripts",
  "--omit=dev",
  "--linker=hoisted",
  "--backend=hardlink",
  "--save-text-lockfile",
  "--no-env-file",
  "--no-progress",
  "--no-summary",
];

/**
 * Installs a JavaScript package with its dependencies into a staged tree: Bun fetches them, unless the
 * package brings them along.
 *
 * What is installed is what haft.lock says: Bun checks every tarball against the integrity in its lock file,
 * and that of the tool itself is compared here with haft's before anything is activated. A lock from an
 * earlier install pins all dependencies as well.
 */
export async function stageJsPackage(
  config: InstallConfig,
  { deps, installation }: { deps: InstallDeps; installation: string },
): Promise<StagedTree & { dependenciesLock: string }> {
  const { name, version, integrity } = rootPackage(config);
  const text = usableDependencies(config);
  if (text !== undefined) checkIntegrity(text, { name, version, integrity });
  if (saysItIsWhole(await deps.registry.manifest(name, version, { signal: deps.signal }))) {
    const root = { name, version, integrity, lock: text };
    return await finished(config, await stageBundledPackage(config, root, { deps, installation }), deps);
  }
  const lock = text === undefined ? undefined : parseBunLock(text);
  const owner = { tool: config.tool_name, file: `haft.lock.d/${config.store_id}.bun.lock` };
  const staging = new Staging(deps.paths, installation);
  try {
    const manifest = { private: true, dependencies: { [name]: version } };
    writeFileSync(join(staging.path, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    await checkDependencies(config, { name, version, lock }, deps);
    if (lock !== undefined) {
      requireHashes(lock, owner);
      writeFileSync(join(staging.path, LOCK_FILE), lock.forBun({ name, version }));
    }
    await runBun(config, { deps, cwd: staging.path, frozen: lock !== undefined });
    failpoint("after-extract");

    const written = withoutAddresses(text ?? readFileSync(join(staging.path, LOCK_FILE), "utf8"));
    writeFileSync(join(staging.path, LOCK_FILE), written);
    if (lock === undefined) {
      checkIntegrity(written, { name, version, integrity });
      const chosen = parseBunLock(written);
      await checkDependencies(config, { name, version, lock: chosen }, deps);
      requireHashes(chosen, owner);
    } else {
      const manifest = (name: string, version: string) =>
        deps.registry.manifest(name, version, { signal: deps.signal });
      await requireDependents(lock, { name, version }, { owner, tree: staging.path, manifest });
    }
    const below = `node_modules/${name}`;
    const bin = packageBin(readFileSync(join(staging.path, below, "package.json"), "utf8"), { below });
    keepOwnCommands(bin, join(staging.path, "node_modules", ".bin"));
    return await finished(config, {
      path: staging.path,
      files: undefined,
      bin,
      dependenciesLock: written,
      activated: () => {},
      [Symbol.dispose]: () => staging[Symbol.dispose](),
    }, deps);
  } catch (error) {
    staging[Symbol.dispose]();
    throw error;
  }
}

/** The tree as it is kept: without what the options leave out, with the hash of every file. */
async function finished<Tree extends Omit<StagedTree, "files">>(
  config: InstallConfig,
  tree: Tree & { files: FileHashes | undefined },
  deps: InstallDeps,
): Promise<Tree & { files: FileHashes }> {
  try {
    removeExcluded(tree.path, config);
    checkExecutables(tree.bin, { config, root: tree.path });
    // What haft unpacked itself it has hashed and synced already.
    const known = (config.exclude ?? []).length === 0 ? tree.files : undefined;
    const files = known ?? await hashTree(tree.path, { tool: config.tool_name, ...deps });
    return { ...tree, files, [Symbol.dispose]: () => tree[Symbol.dispose]() };
  } catch (error) {
    tree[Symbol.dispose]();
    throw error;
  }
}

interface RootPackage {
  name: string;
  version: string;
  integrity: string;
}

function rootPackage(config: InstallConfig): RootPackage {
  const artifact = config.artifacts[0]?.artifact;
  if (artifact?.kind !== "npm" || config.artifacts.length !== 1) {
    throw new HaftError(
      `"${config.tool_name}" cannot be installed with its dependencies: it is not an npm package`,
    );
  }
  return { name: artifact.package, version: artifact.version, integrity: artifact.integrity };
}

function checkIntegrity(lock: string, { name, version, integrity }: RootPackage): void {
  const found = lockedIntegrity(lock, name, version);
  if (found === integrity) return;
  throw new IntegrityError(
    `Wrong hash for ${name}@${version}: expected ${integrity}, but Bun's lock file has ${found ?? "none"}`,
    { next: "Do not use it. If the publisher did change it, remove the tool from haft.lock and sync again" },
  );
}

async function runBun(
  config: InstallConfig,
  { deps, cwd, frozen }: { deps: InstallDeps; cwd: string; frozen: boolean },
): Promise<void> {
  const installer = await (deps.jsInstaller ?? ownInstaller)();
  const report = () =>
    deps.report({
      state: "post_install",
      tool: config.tool_name,
      message: "installing with its dependencies",
    });
  report();
  failpoint("before-download");
  const home = join(cwd, INSTALLER_HOME);
  mkdirSync(home, { mode: 0o700 });
  const npmrc = join(cwd, ".npmrc");
  try {
    // For its owner alone: it may hold tokens. Bun reads no other file of settings.
    writeFileSync(npmrc, await deps.registry.npmrc(), { mode: 0o600 });
    await runInstaller({
      command: [...installer.command, ...INSTALL, ...(frozen ? ["--frozen-lockfile"] : [])],
      cwd,
      env: {
        ...installerEnvironment(deps.env, { home }),
        BUN_INSTALL_CACHE_DIR: join(home, "cache"),
        ...SERVER_PATIENCE,
        ...(config.remote_dependencies === true ? {} : { GIT_ALLOW_PROTOCOL: "none" }),
        ...config.install_env,
        ...installer.env,
      },
      signal: deps.signal,
      timeoutMs: TIMEOUT_MS,
      onHeartbeat: report,
      failure: (words) => `Bun could not install the package: ${words}`,
    });
  } finally {
    rmSync(npmrc, { force: true });
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * Refuses dependencies from outside the registry: those of the package itself before anything is fetched,
 * those of its dependencies as soon as a lock names them.
 */
async function checkDependencies(
  config: InstallConfig,
  { name, version, lock }: { name: string; version: string; lock: BunLock | undefined },
  { registry, signal }: InstallDeps,
): Promise<void> {
  if (config.remote_dependencies === true) return;
  const found = lock === undefined
    ? remoteDependencies(await registry.manifest(name, version, { signal }))
    : remoteLocked(lock);
  if (found.length > 0) throw remoteDependencyError(config.tool_name, found);
}

/** A Bun is an installer by itself; a binary that Bun compiled is one when told so. */
function ownInstaller(): Promise<JsInstaller> {
  if (runtime.name !== "bun") {
    throw new HaftError("Packages with dependencies need Bun to install them", {
      next: 'Add bun to haft.toml ("haft use bun@latest"), or use the haft binary',
    });
  }
  return Promise.resolve({
    command: [process.execPath],
    env: runtime.isCompiled ? { BUN_BE_BUN: "1" } : {},
  });
}

function checkExecutables(
  bin: Readonly<Record<string, string>>,
  { config, root }: { config: InstallConfig; root: string },
): void {
  const missing = Object.entries(bin).find(([, path]) => !existsSync(join(root, path)));
  if (missing === undefined && Object.keys(bin).length > 0) return;
  if (missing !== undefined && excludedBy(config.exclude ?? [])?.(missing[1].split("/"))) {
    throw excludedExecutable(config, missing[0]);
  }
  const what = missing === undefined ? "no executables" : `no executable "${missing[0]}" at ${missing[1]}`;
  throw new HaftError(`"${config.tool_name}" ${config.version} has ${what}`, {
    next: "Choose another package or version",
  });
}

/**
 * Takes the commands of dependencies out of the directory that goes on PATH: eslint's `node-which`, or
 * another tool's copy of `tsc`, would stand before what the project asks for. On Windows, a command is a few
 * files of one name.
 */
function keepOwnCommands(bin: Readonly<Record<string, string>>, directory: string): void {
  if (!existsSync(directory)) return;
  for (const file of readdirSync(directory)) {
    const command = file.replace(/\.(?:exe|bunx|cmd|ps1)$/i, "");
    if (!Object.hasOwn(bin, file) && !Object.hasOwn(bin, command)) rmSync(join(directory, file));
  }
}
