import { type Env, envValue } from "./env.ts";

/** Whether a terminal gets colours where no option says it. */
export function mayColor(env: Env): boolean {
  return envValue(env, "NO_COLOR") === undefined && env["TERM"] !== "dumb";
}
