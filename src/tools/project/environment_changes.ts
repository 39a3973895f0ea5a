import process from "node:process";
import { type Env, plainEnvironment } from "../../base/env.ts";
import { searchPath } from "./search_path.ts";

/** What a project puts over the environment that its programs inherit. */
export interface EnvironmentParts {
  /** Variables that the tools want where they are not set already. */
  defaults: Readonly<Record<string, string>>;
  /** The project's own `[env]`; null takes a variable away. */
  variables: Readonly<Record<string, string | null>>;
  /** Directories in front of PATH. */
  path: readonly string[];
}

/** What to set, to take away, and to put in front of PATH. */
export interface EnvironmentChanges {
  set: Record<string, string>;
  unset: string[];
  path: readonly string[];
}

/**
 * What a project changes in an environment. The project's own variables win over the tools' defaults, and
 * what is set already wins over those too.
 */
export function environmentChanges(
  { defaults, variables, path }: EnvironmentParts,
  inherited: Env,
): EnvironmentChanges {
  const set: Record<string, string> = {};
  const unset: string[] = [];
  for (const [name, value] of Object.entries(defaults)) {
    if (inherited[name] === undefined) set[name] = value;
  }
  for (const [name, value] of Object.entries(variables)) {
    if (value === null) unset.push(name);
    else set[name] = value;
  }
  return { set, unset, path };
}

/**
 * The whole environment of a program of the project.
 *
 * @param own variables of that program alone, over all others
 */
export function runEnvironment(
  parts: EnvironmentParts,
  { inherited, own = {} }: { inherited: Env; own?: Readonly<Record<string, string>> | undefined },
): Record<string, string> {
  const { set, unset, path } = environmentChanges(parts, inherited);
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...plainEnvironment(inherited, process.platform), ...set })) {
    if (value !== undefined && !unset.includes(name)) result[name] = value;
  }
  Object.assign(result, own);
  result["PATH"] = searchPath(path, result["PATH"]);
  return result;
}
