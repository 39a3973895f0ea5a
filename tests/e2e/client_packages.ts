/**
 * Other systems' clients as their users get them: by the language's own package manager, at a pinned version.
 */
import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../scripts/support/command.ts";

/** Far above what an install or a build takes: pip some seconds, cargo some ten. */
const INSTALL_MS = 300_000;

/**
 * What package managers say of a network or a registry that is not there, or that has no package for this
 * machine.
 */
const CANNOT_BE_HAD = new RegExp(
  [
    "connection (broken|refused|reset)",
    "(could ?n.t|could not|failed to) (connect|resolve|download)",
    "name resolution",
    "network is unreachable",
    "timed out",
    "spurious network error",
    "no matching distribution found",
    "(proxy|ssl) ?error",
  ].join("|"),
  "i",
);

/** Why a test that needs these commands is skipped; undefined when it is not. */
export function missingCommand(...commands: readonly (readonly string[])[]): string | undefined {
  for (const [file = "", ...args] of commands) {
    const { error, status } = spawnSync(file, args, { stdio: "ignore" });
    if (error !== undefined) return `there is no ${file} on PATH`;
    if (status !== 0) return `"${[file, ...args].join(" ")}" fails`;
  }
  return undefined;
}

/**
 * Installs a Python package into the directory.
 *
 * @param options.platform takes the package as built for that platform, for the sake of what in it is plain
 * Python
 * @returns why it cannot be had; undefined when it is there
 * @throws {Error} when pip failed for any other reason
 */
export async function pipInstall(
  directory: string,
  requirement: string,
  { platform }: { platform?: string } = {},
): Promise<string | undefined> {
  return await install([
    ...["python3", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"],
    ...["--timeout", "15", "--retries", "1", "--no-deps", "--only-binary=:all:", "--target", directory],
    ...platform === undefined ? [] : ["--platform", platform],
    requirement,
  ], {});
}

/**
 * Builds a crate in the directory, whose dependencies cargo fetches.
 *
 * @returns the executable, which is named as the crate; or why its dependencies cannot be had
 * @throws {Error} when the crate cannot be built
 */
export async function cargoBuild(
  directory: string,
  { crate, name }: { crate: string; name: string },
): Promise<{ executable: string } | { reason: string }> {
  cpSync(crate, directory, { recursive: true });
  const manifest = ["--quiet", "--manifest-path", join(directory, "Cargo.toml")];
  const env = {
    CARGO_TARGET_DIR: join(directory, "target"),
    CARGO_NET_RETRY: "1",
    CARGO_HTTP_TIMEOUT: "15",
    CARGO_TERM_COLOR: "never",
  };
  const reason = await install(["cargo", "fetch", ...manifest], env);
  if (reason !== undefined) return { reason };
  const built = await runCommand(["cargo", "build", "--offline", ...manifest], {
    env,
    output: "capture",
    timeoutMs: INSTALL_MS,
  });
  if (built.code !== 0) throw new Error(`cargo build failed:\n${built.stderr}`);
  return { executable: join(directory, "target", "debug", name) };
}

async function install(argv: readonly string[], env: Record<string, string>): Promise<string | undefined> {
  const { code, stdout, stderr } = await runCommand(argv, { env, output: "capture", timeoutMs: INSTALL_MS });
  if (code === 0) return undefined;
  if (!CANNOT_BE_HAD.test(stderr)) throw new Error(`${argv.join(" ")} failed:\n${stdout}${stderr}`);
  return stderr.trim().split("\n").findLast((line) => line.trim() !== "");
}
