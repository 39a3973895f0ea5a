import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Env, envValue } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";
import type { ArtifactOf } from "../../protocol/artifact.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import { programOnPath } from "../program_on_path.ts";
import { cargoHome } from "../registry/cargo_index.ts";
import { isExecutableName } from "../sources/build.ts";
import { hashTree } from "./hash_tree.ts";
import type { InstallDeps } from "./install_deps.ts";
import { type StagedTree, stageSources } from "./install_native.ts";
import { installerEnvironment } from "./installer_environment.ts";
import { runInstaller } from "./run_installer.ts";
import { Staging } from "./staging.ts";

/** A large program with its dependencies, on a small machine. */
const TIMEOUT_MS = 60 * 60_000;

/**
 * Builds a crate's programs with the cargo on PATH. haft downloads the crate and proves it by haft.lock
 * before anything of it runs; its own Cargo.lock, which is part of that, holds the hash of every dependency.
 *
 * @throws {IntegrityError} when the crate differs from the locked one
 * @throws {HaftError} when there is no cargo, or it cannot build the crate
 */
export async function stageCargoProgram(
  config: InstallConfig,
  artifact: ArtifactOf<"cargo">,
  context: { deps: InstallDeps; installation: string },
): Promise<StagedTree> {
  const { deps, installation } = context;
  const cargo = programOnPath("cargo", { PATH: envValue(deps.env, "PATH") });
  if (cargo === undefined) {
    throw new HaftError(`"${config.tool_name}" is built by cargo, and there is none on PATH`, {
      next: "Install Rust, with rustup or your system's packages, then run it again",
    });
  }
  using sources = await stageSources(config, context);
  const staging = new Staging(deps.paths, installation);
  try {
    const home = join(staging.path, ".installer-home");
    mkdirSync(home, { mode: 0o700 });
    const isLocked = existsSync(join(sources.path, "Cargo.lock"));
    const report = () =>
      deps.report({ state: "post_install", tool: config.tool_name, message: "building it with cargo" });
    report();
    await runInstaller({
      command: [
        cargo,
        "install",
        "--quiet",
        "--no-track",
        ...(isLocked ? ["--locked"] : []),
        "--root",
        staging.path,
        "--path",
        sources.path,
      ],
      cwd: home,
      env: {
        ...installerEnvironment(deps.env, { home }),
        ...cargoVariables(deps.env),
        CARGO_HOME: cargoHome(deps.user),
        RUSTUP_HOME: envValue(deps.env, "RUSTUP_HOME") ?? join(deps.user.home, ".rustup"),
        CARGO_TARGET_DIR: join(home, "target"),
        ...config.install_env,
      },
      signal: deps.signal,
      timeoutMs: TIMEOUT_MS,
      onHeartbeat: report,
      failure: (words) => `cargo could not build ${artifact.crate} ${artifact.version}: ${words}`,
    });
    rmSync(home, { recursive: true, force: true });
    const programs = programsIn(staging.path, config);
    return {
      path: staging.path,
      files: await hashTree(staging.path, { tool: config.tool_name, ...deps }),
      bin: programs,
      activated: () => sources.activated(),
      [Symbol.dispose]: () => staging[Symbol.dispose](),
    };
  } catch (error) {
    staging[Symbol.dispose]();
    throw error;
  }
}

function programsIn(root: string, { tool_name: tool }: InstallConfig): Record<string, string> {
  const directory = join(root, "bin");
  const files = existsSync(directory) ? readdirSync(directory) : [];
  const programs = files.map((file) => [file.replace(/\.exe$/, ""), `bin/${file}`] as const);
  if (programs.length > 0 && programs.every(([name]) => isExecutableName(name))) {
    return Object.fromEntries(programs);
  }
  throw new HaftError(`The crate of "${tool}" builds no program`, {
    next: "Name the crate of the command, often NAME-cli",
  });
}

/** The user's own settings of cargo and rustup; no token reaches what a build runs. */
function cargoVariables(env: Env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && /^(CARGO_(HTTP|NET|SOURCE|BUILD|TERM)_|RUSTUP_|RUSTFLAGS$)/.test(name) &&
        !name.endsWith("_TOKEN")
        ? [[name, value] as const]
        : []
    ),
  );
}
