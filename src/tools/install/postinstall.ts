import { mkdirSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { errorMessage, HaftError } from "../../base/errors.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import { hashTree } from "./hash_tree.ts";
import type { InstallDeps } from "./install_deps.ts";
import type { StagedTree } from "./install_native.ts";
import { installerEnvironment } from "./installer_environment.ts";
import { runInstaller } from "./run_installer.ts";

const TIMEOUT_MS = 10 * 60_000;
/** The command's home while it runs; removed before the tree counts. */
const HOME = ".installer-home";

/**
 * Runs the `postinstall` command of the tool's options in the staged tree: when it fails, nothing was
 * installed. It finds the tool first on its PATH, and the options in its environment.
 *
 * @param target where the tree will be
 * @throws {HaftError} with the end of its output
 */
export async function runPostinstall<Tree extends StagedTree>(
  tree: Tree,
  config: InstallConfig,
  { deps, target }: { deps: InstallDeps; target: string },
): Promise<Tree> {
  const { postinstall } = config.options;
  if (postinstall === undefined) return tree;
  const words = typeof postinstall === "string" ? [...shell(), postinstall] : postinstall;
  const message = `running ${typeof postinstall === "string" ? postinstall : postinstall.join(" ")}`;
  const report = () => deps.report({ state: "post_install", tool: config.tool_name, message });
  report();
  const home = join(tree.path, HOME);
  mkdirSync(home, { mode: 0o700 });
  try {
    await runInstaller({
      command: words,
      cwd: tree.path,
      env: environment(config, { home, root: tree.path, target, bin: tree.bin, env: deps.env }),
      signal: deps.signal,
      timeoutMs: TIMEOUT_MS,
      onHeartbeat: report,
    });
  } catch (error) {
    deps.signal.throwIfAborted();
    const name = `options.postinstall of "${config.tool_name}"`;
    throw new HaftError(`${name} failed: ${errorMessage(error)}`, {
      next: "Nothing was installed; change the command, or leave it out",
      cause: error,
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  const files = await hashTree(tree.path, { tool: config.tool_name, ...deps });
  return Object.assign(tree, { files });
}

function environment(
  config: InstallConfig,
  { home, root, target, bin, env }: {
    home: string;
    root: string;
    target: string;
    bin: Readonly<Record<string, string>>;
    env: InstallDeps["env"];
  },
): Record<string, string> {
  const base = installerEnvironment(env, { home });
  const own = [...new Set(Object.values(bin).map((path) => dirname(join(root, path))))];
  return {
    ...base,
    ...config.install_env,
    ...optionVariables(config.options),
    PATH: [...own, config.install_env["PATH"] ?? base["PATH"] ?? ""].join(delimiter),
    HAFT_TOOL_NAME: config.tool_name,
    HAFT_TOOL_VERSION: config.version,
    HAFT_INSTALL_PATH: root,
    HAFT_INSTALL_TARGET: target,
    HAFT_PROJECT_DIR: config.project_dir,
  };
}

/**
 * Each free option as `HAFT_OPTION_NAME`, all of them as JSON in `HAFT_OPTIONS`. A text is itself; anything
 * else is JSON.
 */
export function optionVariables(options: InstallConfig["options"]): Record<string, string> {
  const { components: _components, exclude_patterns: _patterns, postinstall: _command, ...free } = options;
  return {
    HAFT_OPTIONS: JSON.stringify(options),
    ...Object.fromEntries(
      Object.entries(free).map(([name, value]) => [
        `HAFT_OPTION_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  };
}

function shell(): string[] {
  return process.platform === "win32" ? ["cmd.exe", "/d", "/s", "/c"] : ["/bin/sh", "-c"];
}
