import { delay } from "@std/async/delay";
import { inspect } from "node:util";

/** Far above what anything takes on a loaded machine, and below the limit of a whole test. */
const LIMIT_MS = 90_000;

export interface UntilOptions<State> {
  /** Whether a state is the one that is waited for; left out, a true one is. */
  passes?: (state: State) => unknown;
  /** Milliseconds between looks. */
  intervalMs?: number;
}

/**
 * Waits for a state that the test brings about, and has no event for.
 *
 * @param look reads the state; one that throws is a fault of the test
 * @param what is waited for, in the words of the error
 * @returns the state that passed
 * @throws {Error} with the last state when none passes
 */
export async function until<State>(
  look: () => State | Promise<State>,
  what: string,
  { passes = (state) => state, intervalMs = 20 }: UntilOptions<State> = {},
): Promise<State> {
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const state = await look();
    if (passes(state)) return state;
    if (performance.now() > deadline) {
      const last = typeof state === "string" ? state : inspect(state, { depth: 5 });
      throw new Error(
        `This did not come true within ${LIMIT_MS / 1000} s: ${what}. The last state:\n${last}`,
      );
    }
    await delay(intervalMs);
  }
}
