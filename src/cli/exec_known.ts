/**
 * The short way of `haft exec`: when the same name was run in this directory before and nothing has changed since, the program is
 * started at once, and none of the rest of haft is loaded. Whatever is out of the ordinary takes the long way.
 */
import { homedir } from "node:os";
import process from "node:process";
import { type Env, envValue } from "../base/env.ts";
import { errorCode } from "../base/errors.ts";
import { resolvePaths } from "../base/paths.ts";
import { VERSION } from "../base/version.ts";
import { runtime } from "../runtime/mod.ts";
import { type CachedCommand, readExecCache } from "../tools/project/exec_cache.ts";
import { searchPath } from "../tools/project/search_path.ts";

/**
 * Runs `exec NAME ARGS…` in this process's place if the answer is known.
 *
 * @param args what follows `haft`
 * @returns the exit code where the runtime cannot replace a process; undefined when the long way has to be taken
 */
export async function execKnown(args: readonly string[]): Promise<number | undefined> {
  const [, name, ...rest] = args;
  if (name === undefined || name.startsWith("-") || name.includes("@")) return undefined;
  const { env, platform } = process;
  const home = envValue(env, "HOME") ?? homedir();
  const { exec } = resolvePaths({ env, platform, home });
  const command = readExecCache(exec, { cwd: process.cwd(), name, version: VERSION });
  if (command === undefined) return undefined;
  try {
    return await runCommand(command, rest[0] === "--" ? rest.slice(1) : rest, env);
  } catch (error) {
    // The tool is gone or is no program any more: the long way says what is the matter.
    if (errorCode(error) === "ENOENT" || errorCode(error) === "EACCES") return undefined;
    throw error;
  }
}

/** How to start a tool; what the project's variables and a script's runtime add is not in the cache. */
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
  return await runtime.exec(file, [...first, ...args], { env });
}
