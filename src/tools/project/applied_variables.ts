import { type Env, envValue } from "../../base/env.ts";
import { shortHash } from "../../base/short_hash.ts";

/** Set with a project's variables: which ones a program has already. */
export const APPLIED = "HAFT_ENV_APPLIED";

/**
 * A project's variables for a program, with the mark of them. A program that inherited them gets the mark
 * alone: what it, or its parent, set differently since then stays.
 */
export function appliedOnce(
  variables: Readonly<Record<string, string | null>>,
  inherited: Env,
): Record<string, string | null> {
  if (Object.keys(variables).length === 0) return {};
  const mark = shortHash(JSON.stringify(variables));
  return { ...(envValue(inherited, APPLIED) === mark ? {} : variables), [APPLIED]: mark };
}
