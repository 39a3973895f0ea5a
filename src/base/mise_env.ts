import { type Env, envValue } from "./env.ts";

/**
 * Whether MISE_ENV chooses version files for this command: nothing is remembered with it, and what was
 * remembered without it is not for this command.
 */
export function choosesVersionFiles(env: Env): boolean {
  return envValue(env, "MISE_ENV") !== undefined;
}
