import process from "node:process";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../base/errors.ts";
import type { ArtifactOf } from "../../protocol/artifact.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import { IntegrityError } from "../integrity.ts";
import { goSettings } from "../registry/go_proxy.ts";
import { isExecutableName } from "../sources/build.ts";
import { failpoint } from "./failpoint.ts";
import { hashTree } from "./hash_tree.ts";
import type { InstallDeps } from "./install_deps.ts";
import type { StagedTree } from "./install_native.ts";
import { installerEnvironment } from "./installer_environment.ts";
import { runInstaller } from "./run_installer.ts";
import { Staging } from "./staging.ts";

/** The first program of a cold cache builds Go's standard library, too. */
const TIMEOUT_MS = 30 * 60_000;

/**
 * Builds a Go program with haft's own Go. The go command checks every module against the checksum database;
 * what it says that the program was built from must be what haft.lock says.
 *
 * @throws {IntegrityError} when the program is built from another module than the locked one
 */
export async function stageGoProgram(
  config: InstallConfig,
  artifact: ArtifactOf<"go">,
  { deps, installation }: { deps: InstallDeps; installation: string },
): Promise<StagedTree> {
  const { directory: toolchain } = await deps.toolchain("go");
  const go = join(toolchain, "bin", process.platform === "win32" ? "go.exe" : "go");
  const staging = new Staging(deps.paths, installation);
  try {
    const home = join(staging.path, ".installer-home");
    const bin = join(staging.path, "bin");
    for (const directory of [home, bin]) mkdirSync(directory, { mode: 0o755 });
    const cache = join(deps.paths.downloads, "go");
    const report = () =>
      deps.report({ state: "post_install", tool: config.tool_name, message: "building it with go" });
    report();
    failpoint("before-download");
    await runInstaller({
      command: [go, "install", "-trimpath", `${artifact.package ?? artifact.module}@${artifact.version}`],
      cwd: home,
      env: {
        ...installerEnvironment(deps.env, { home }),
        ...goSettings(deps.user),
        GOBIN: bin,
        GOROOT: toolchain,
        GOPATH: join(cache, "path"),
        GOMODCACHE: join(cache, "mod"),
        GOCACHE: join(cache, "build"),
        GOENV: "off",
        GOTOOLCHAIN: "local",
        CGO_ENABLED: "0",
        ...config.install_env,
      },
      signal: deps.signal,
      timeoutMs: TIMEOUT_MS,
      onHeartbeat: report,
      failure: (words) => `go could not build it: ${words}`,
    });
    rmSync(home, { recursive: true, force: true });
    failpoint("after-extract");
    const programs = readdirSync(bin).map((file) => [file.replace(/\.exe$/, ""), `bin/${file}`] as const);
    checkPrograms(programs, { config, artifact, go, root: staging.path });
    return {
      path: staging.path,
      files: await hashTree(staging.path, { tool: config.tool_name, ...deps }),
      bin: Object.fromEntries(programs),
      activated: () => {},
      [Symbol.dispose]: () => staging[Symbol.dispose](),
    };
  } catch (error) {
    staging[Symbol.dispose]();
    throw error;
  }
}

/** `go version -m` tells the module that a program was built from, with its hash. */
function checkPrograms(
  programs: readonly (readonly [name: string, path: string])[],
  { config, artifact, go, root }: {
    config: InstallConfig;
    artifact: ArtifactOf<"go">;
    go: string;
    root: string;
  },
): void {
  if (programs.length === 0 || !programs.every(([name]) => isExecutableName(name))) {
    throw new HaftError(`"${artifact.package}" of "${config.tool_name}" is not a program`, {
      next: "Name the package of the command, often PATH/cmd/NAME",
    });
  }
  for (const [, path] of programs) {
    const { stdout } = spawnSync(go, ["version", "-m", join(root, path)], {
      encoding: "utf8",
      env: { GOTOOLCHAIN: "local" },
    });
    const [, module, version, hash] = /^\tmod\t(\S+)\t(\S+)\t(\S+)/m.exec(stdout) ?? [];
    if (module === artifact.module && version === artifact.version && hash === artifact.integrity) continue;
    throw new IntegrityError(
      `"${config.tool_name}" was built from ${module}@${version} (${hash}), but haft.lock has ` +
        `${artifact.module}@${artifact.version} (${artifact.integrity})`,
      {
        next: "Do not use it. If the publisher did change it, remove the tool from haft.lock and sync again",
      },
    );
  }
}
