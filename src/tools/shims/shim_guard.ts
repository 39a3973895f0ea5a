import process from "node:process";
import { type Env, envValue } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";

/** Set while a shim hands over to another program: `PROCESS:TIMES:TOTAL`. */
const VARIABLE = "HAFT_SHIM_DEPTH";

/** A program that replaces its process by the same shim more often than this comes back for ever. */
const MOST_IN_ONE_PROCESS = 3;
/** Programs that start each other by shims; far above what builds do. */
const MOST_IN_ALL = 60;

/**
 * The variables for a program outside the project that a shim hands over to. Another version manager may send
 * it back to the shim; the count in the environment turns that loop into an error.
 *
 * @throws {HaftError} when the program came back too often
 */
export function shimDepth(
  name: string,
  { program, env }: { program: string; env: Env },
): Record<string, string> {
  const [pid, times = 0, total = 0] = (envValue(env, VARIABLE) ?? "").split(":").map(Number);
  const inProcess = pid === process.pid ? times + 1 : 1;
  if (inProcess > MOST_IN_ONE_PROCESS || total >= MOST_IN_ALL) {
    throw new HaftError(`The shim of "${name}" goes in a circle: "${program}" starts it again`, {
      next:
        `Take the directory of "${program}" from PATH, or add the tool to the project: "haft use ${name}"`,
    });
  }
  return { [VARIABLE]: `${process.pid}:${inProcess}:${total + 1}` };
}
