import type { Backoff } from "./config/process_schema.ts";

/**
 * Milliseconds to wait before a restart.
 *
 * @param attempt 1 for the first restart in a row
 * @param random 0 to 1
 */
export function backoffDelay(
  { initial, max, multiplier, jitter }: Pick<Backoff, "initial" | "max" | "multiplier" | "jitter">,
  attempt: number,
  random: number,
): number {
  const plain = Math.min(max, initial * multiplier ** (attempt - 1));
  return Math.min(max, Math.round(plain * (1 + jitter * (2 * random - 1))));
}
