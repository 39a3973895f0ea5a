import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { envValue } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";
import type { ArtifactOf } from "../../protocol/artifact.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import { IntegrityError } from "../integrity.ts";
import { formatPythonLock, type LockedRequirement, parsePythonLock, sha256Hex } from "../python_lock.ts";
import { pythonIndexAddress } from "../registry/pip_config.ts";
import { normalizedName } from "../registry/python_index.ts";
import { isExecutableName } from "../sources/build.ts";
import { dependenciesPath, usableDependencies } from "../store/receipt.ts";
import { parseWheelName } from "../sources/wheel.ts";
import { fittingPython, type PythonSearch } from "./fitting_python.ts";
import { failpoint } from "./failpoint.ts";
import { hashTree } from "./hash_tree.ts";
import type { InstallDeps } from "./install_deps.ts";
import type { StagedTree } from "./install_native.ts";
import { installerEnvironment } from "./installer_environment.ts";
import { runInstaller } from "./run_installer.ts";
import { Staging } from "./staging.ts";

/** uv's home while it installs, with its downloads; removed before the tree counts. */
const INSTALLER_HOME = ".installer-home";
const TIMEOUT_MS = 10 * 60_000;
/** What the environment of an application is called below its directory. */
const ENVIRONMENT = "venv";

/**
 * Lets uv install a Python application with its dependencies into an environment of its own. Only wheels are
 * installed, so that nothing of theirs runs; each has to have a hash of the lock, and the application's own
 * is the one in haft.lock.
 */
export async function stagePythonApp(
  config: InstallConfig,
  { deps, installation }: { deps: InstallDeps; installation: string },
): Promise<StagedTree & { dependenciesLock: string }> {
  const app = application(config);
  const known = usableDependencies(config);
  const locked = known === undefined ? undefined : withOwnHash(parsePythonLock(known), app);
  const staging = new Staging(deps.paths, installation);
  try {
    const { uv, program } = await uvRunner(config, { deps, root: staging.path });
    failpoint("before-download");
    const found = await fittingPython({ tool: config.tool_name, ...app, uv: program }, deps);
    const python = found === undefined ? [] : ["--python", found];
    const requirements = locked ??
      withOwnHash(parsePythonLock(await resolved(app, { uv, python, root: staging.path })), app);
    const text = known ?? formatPythonLock(requirements);
    const input = join(staging.path, INSTALLER_HOME, "locked.txt");
    writeFileSync(input, formatPythonLock(requirements));
    const environment = join(staging.path, ENVIRONMENT);
    await uv(["venv", "--relocatable", ...python, environment]);
    await uv(["pip", "install", "--python", environment, "--no-deps", "--require-hashes", "-r", input]);
    failpoint("after-extract");
    rmSync(join(staging.path, INSTALLER_HOME), { recursive: true, force: true });
    const packages = installedPackages(environment);
    requireAskedFor(packages, { app, tool: config.tool_name });
    writeFileSync(dependenciesPath(staging.path, "python"), text);
    const bin = linkPrograms(packages.get(normalizedName(app.name))?.entryPoints ?? "", {
      config,
      root: staging.path,
    });
    return {
      path: staging.path,
      // The environment's python is the system's: a link out of the tree.
      files: await hashTree(staging.path, {
        tool: config.tool_name,
        ...deps,
        leaves: (path) => /^venv\/bin\/python[\d.]*$/.test(path),
      }),
      bin,
      dependenciesLock: text,
      activated: () => {},
      [Symbol.dispose]: () => staging[Symbol.dispose](),
    };
  } catch (error) {
    staging[Symbol.dispose]();
    throw error;
  }
}

interface Application {
  name: string;
  /** As the index spells it: haft's own form of a version may differ. */
  version: string;
  sha256: string;
}

function application(config: InstallConfig): Application {
  const artifact: ArtifactOf<"pypi"> | undefined = config.artifacts
    .flatMap(({ artifact: one }) => one.kind === "pypi" ? [one] : [])[0];
  const version = artifact === undefined ? undefined : parseWheelName(artifact.file)?.version;
  const sha256 = artifact === undefined ? undefined : sha256Hex(artifact.integrity);
  if (artifact === undefined || version === undefined || sha256 === undefined) {
    throw new HaftError(
      `"${config.tool_name}" cannot be installed with its dependencies: it is no Python wheel`,
    );
  }
  return { name: artifact.package, version, sha256 };
}

/** Of the application only the very file counts that haft.lock names. */
function withOwnHash(requirements: LockedRequirement[], { name, sha256 }: Application): LockedRequirement[] {
  return requirements.map((one) => {
    if (one.name !== normalizedName(name)) return one;
    if (one.sha256.includes(sha256)) return { ...one, marker: undefined, sha256: [sha256] };
    throw new IntegrityError(
      `Wrong hash for ${name}: the index does not have the file that haft.lock names`,
      {
        next: "Do not use it. If the publisher did change it, remove the tool from haft.lock and sync again",
      },
    );
  });
}

type Uv = (args: readonly string[]) => Promise<void>;

/** haft's own uv, with the user's index and nothing else of the user's settings. */
async function uvRunner(
  config: InstallConfig,
  { deps, root }: { deps: InstallDeps; root: string },
): Promise<{ uv: Uv; program: PythonSearch["uv"] }> {
  const { directory, receipt } = await deps.toolchain("uv");
  const path = receipt.bin["uv"];
  if (path === undefined) throw new HaftError("The uv of haft's catalogue has no program of its name");
  const home = join(root, INSTALLER_HOME);
  mkdirSync(home, { mode: 0o700 });
  const certificates = envValue(deps.env, "SSL_CERT_FILE") ?? envValue(deps.env, "PIP_CERT") ??
    envValue(deps.env, "NODE_EXTRA_CA_CERTS");
  const env = {
    ...installerEnvironment(deps.env, { home }),
    UV_DEFAULT_INDEX: await pythonIndexAddress(deps.user),
    UV_NO_CONFIG: "1",
    UV_ONLY_BINARY: ":all:",
    UV_PYTHON_DOWNLOADS: "never",
    UV_LINK_MODE: "copy",
    UV_NO_PROGRESS: "1",
    ...(certificates === undefined ? {} : { SSL_CERT_FILE: certificates }),
    ...config.install_env,
  };
  const report = () =>
    deps.report({
      state: "post_install",
      tool: config.tool_name,
      message: "installing with its dependencies",
    });
  const file = join(directory, path);
  const uv: Uv = async (args) => {
    report();
    await runInstaller({
      command: [file, "--quiet", ...args],
      cwd: home,
      env,
      signal: deps.signal,
      timeoutMs: TIMEOUT_MS,
      onHeartbeat: report,
      failure: (words) => `uv could not install the application: ${words}`,
    });
  };
  return { uv, program: { file, env, cwd: home } };
}

/** Resolves for every system and every Python from that one on, so that the lock is good elsewhere. */
async function resolved(
  { name, version }: Application,
  { uv, python, root }: { uv: Uv; python: readonly string[]; root: string },
): Promise<string> {
  const input = join(root, INSTALLER_HOME, "wanted.txt");
  const output = join(root, INSTALLER_HOME, "resolved.txt");
  writeFileSync(input, `${name}==${version}\n`);
  const flags = ["--universal", "--generate-hashes", "--no-header", "--no-annotate"];
  try {
    await uv(["pip", "compile", ...flags, ...python, "--output-file", output, input]);
  } catch (error) {
    if (!(error instanceof HaftError) || !/No solution found/.test(error.message)) throw error;
    const next = `It may need a newer Python on your PATH: "python3 --version"; else choose an older ${name}`;
    throw new HaftError(error.message, { next, cause: error });
  }
  return readFileSync(output, "utf8");
}

interface InstalledPackage {
  /** The names of what it may need, extras included. */
  requires: string[];
  /** The text of entry_points.txt. */
  entryPoints: string;
}

function installedPackages(environment: string): Map<string, InstalledPackage> {
  const found = new Map<string, InstalledPackage>();
  for (const directory of sitePackages(environment)) {
    for (const entry of readdirSync(directory)) {
      const [, name] = /^(.+?)-[^-]+\.dist-info$/.exec(entry) ?? [];
      if (name === undefined) continue;
      const text = (file: string) => {
        const path = join(directory, entry, file);
        return existsSync(path) ? readFileSync(path, "utf8") : "";
      };
      const requires = [...text("METADATA").matchAll(/^Requires-Dist:\s*([A-Za-z0-9][A-Za-z0-9._-]*)/gim)];
      found.set(normalizedName(name), {
        requires: requires.map(([, required = ""]) => normalizedName(required)),
        entryPoints: text("entry_points.txt"),
      });
    }
  }
  return found;
}

function sitePackages(environment: string): string[] {
  if (process.platform === "win32") return [join(environment, "Lib", "site-packages")];
  const lib = join(environment, "lib");
  return readdirSync(lib).map((name) => join(lib, name, "site-packages")).filter((path) => existsSync(path));
}

/** A stranger's lock may name any package: only those that the application leads to are installed. */
function requireAskedFor(
  packages: ReadonlyMap<string, InstalledPackage>,
  { app, tool }: { app: Application; tool: string },
): void {
  const reached = new Set<string>();
  const queue = [normalizedName(app.name)];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    queue.push(...packages.get(name)?.requires ?? []);
  }
  const stray = [...packages.keys()].find((name) => !reached.has(name));
  if (stray === undefined) return;
  throw new HaftError(`The lock of "${tool}"'s dependencies names "${stray}", which nothing of it asks for`, {
    next: 'Remove the file from haft.lock.d and run "haft sync" to write it again',
  });
}

/**
 * The application's own commands in a directory of their own: those of dependencies, and python, stay inside.
 */
function linkPrograms(
  entryPoints: string,
  { config, root }: { config: InstallConfig; root: string },
): Record<string, string> {
  const section = /^\[console_scripts\]\s*$([^[]*)/m.exec(entryPoints)?.[1] ?? "";
  const declared = [...section.matchAll(/^\s*([^\s=]+)\s*=/gm)].map(([, name = ""]) => name);
  const own = process.platform === "win32" ? `${ENVIRONMENT}/Scripts` : `${ENVIRONMENT}/bin`;
  const suffix = process.platform === "win32" ? ".exe" : "";
  const names = declared.filter((name) =>
    isExecutableName(name) && existsSync(join(root, own, `${name}${suffix}`))
  );
  if (names.length === 0) {
    throw new HaftError(`"${config.tool_name}" ${config.version} has no commands: it is a library`, {
      next: "Choose another package",
    });
  }
  if (process.platform === "win32") {
    return Object.fromEntries(names.map((name) => [name, `${own}/${name}.exe`]));
  }
  mkdirSync(join(root, "bin"), { mode: 0o755 });
  for (const name of names) symlinkSync(`../${own}/${name}`, join(root, "bin", name));
  return Object.fromEntries(names.map((name) => [name, `bin/${name}`]));
}
