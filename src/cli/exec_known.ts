/**
 * The short way of `haft exec`, which loads little of haft, behind the shortest (exec_at_once.ts). It starts
 * the program at once when the same name ran in this directory before and nothing has changed since; else it
 * asks the daemon, if one runs. Every other case takes the long way.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import process from "node:process";
import { type Env, envValue, plainEnvironment } from "../base/env.ts";
import { errorCode } from "../base/errors.ts";
import { mayHaveLostBytes } from "../base/lost_bytes.ts";
import { choosesVersionFiles } from "../base/mise_env.ts";
import { type Paths, relativeHome, resolvePaths } from "../base/paths.ts";
import { placeKey } from "../base/place_key.ts";
import { resolveEndpoint } from "../channel/resolve_endpoint.ts";
import { DAEMON_ENDPOINT } from "../socket/endpoint.ts";
import { restoreUsersUmask } from "../base/umask.ts";
import { VERSION } from "../base/version.ts";
import { runtime } from "../runtime/mod.ts";
import { readExecCache } from "../tools/project/exec_cache.ts";
import type { CachedCommand } from "../tools/project/exec_entry.ts";
import { APPLIED } from "../tools/project/applied_variables.ts";
import { searchPath } from "../tools/project/search_path.ts";

/**
 * Runs `exec NAME ARGS…` in this process's place if the answer is known.
 *
 * @param args what follows `haft`
 * @returns the exit code where the runtime cannot replace a process; undefined where the long way is needed
 */
export async function execKnown(args: readonly string[]): Promise<number | undefined> {
  const isShim = args[1] === "--shim";
  const [name, ...rest] = args.slice(isShim ? 2 : 1);
  if (name === undefined || name.startsWith("-") || name.includes("@")) return undefined;
  const { platform } = process;
  const env = plainEnvironment(process.env, platform);
  if (choosesVersionFiles(env)) return undefined;
  const home = envValue(env, "HOME") ?? homedir();
  // The long way says what is wrong.
  if (relativeHome({ env, home }) !== undefined) return undefined;
  const paths = resolvePaths({ env, platform, home });
  const cwd = process.cwd();
  if (mayHaveLostBytes([cwd], {})) return undefined;
  const known = readExecCache(paths.exec, {
    cwd,
    name,
    version: VERSION,
    place: placeKey({ home, ...paths }),
  });
  if (known !== undefined && isShim && await mayRemember(paths)) {
    const { rememberShim } = await import("../tools/shims/remember_shim.ts");
    rememberShim({ name, cwd, ...known }, paths);
  }
  // The daemon does not know what this program inherited, nor what is trusted for this one command.
  const asks = envValue(env, APPLIED) === undefined && envValue(env, "HAFT_TRUST") === undefined;
  const command = known?.command ?? (asks ? await askDaemon(name, { cwd, env, home, paths }) : undefined);
  if (command === undefined) return undefined;
  try {
    return await runCommand(command, rest[0] === "--" ? rest.slice(1) : rest, env);
  } catch (error) {
    // The tool is gone or cannot be run: the long way says why.
    if (errorCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** Root leaves no files in another user's directories. */
async function mayRemember(paths: Paths): Promise<boolean> {
  if (process.getuid?.() !== 0) return true;
  const { foreignDirectory } = await import("../base/foreign_directory.ts");
  return foreignDirectory(paths) === undefined;
}

/** About as long as reading the project takes. */
const ASK_TIMEOUT_MS = 200;

/** The daemon's answer, if one runs; undefined for errors, which the long way explains. */
async function askDaemon(
  name: string,
  { cwd, env, home, paths: { store, state, config } }: { cwd: string; env: Env; home: string; paths: Paths },
): Promise<Runnable | undefined> {
  const socket = envValue(env, "HAFT_SOCKET") ?? resolveEndpoint(DAEMON_ENDPOINT, { env });
  if (!existsSync(socket)) return undefined;
  const { askOnce } = await import("../client/ask_once.ts");
  const caller = { version: VERSION, home, store, state, config };
  const data = { runtime: name, cwd, caller, search_path: env["PATH"] };
  return runnable(await askOnce(socket, { method: "runtime.resolve", data, timeoutMs: ASK_TIMEOUT_MS }));
}

/**
 * Looks at the answer's shape only: the daemon is the user's own and of this version, and valibot takes time
 * to load.
 */
function runnable(answer: unknown): Runnable | undefined {
  if (typeof answer !== "object" || answer === null || !("executable" in answer)) return undefined;
  const { executable, ...rest } = answer;
  return typeof executable === "string" ? { file: executable, ...rest as Omit<Runnable, "file"> } : undefined;
}

/** How to start a tool: what the cache has, and what the project's variables and a script's runtime add. */
interface Runnable extends CachedCommand {
  /** What comes before the tool's own arguments. */
  args?: readonly string[];
  /** Variables to set in any case; null takes one away. */
  env?: Readonly<Record<string, string | null>>;
}

/** Starts a tool in this process's place, with its project's tools in front of PATH. */
export async function runCommand(
  { file, path, defaults, args: first = [], env: variables = {} }: Runnable,
  args: readonly string[],
  inherited: Env,
): Promise<number> {
  const env: Record<string, string | undefined> = { ...defaults, ...inherited, ...variables as Env };
  for (const name in variables) {
    if (variables[name] === null) delete env[name];
  }
  env["PATH"] = searchPath(path, env["PATH"]);
  restoreUsersUmask();
  return await runtime.exec(file, [...first, ...args], { env });
}
