import { type Env, envValue } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";
import { quotePosix } from "../../process/command_line.ts";

/** The tasks that a command of `haft run` runs in, the outermost first. */
const VARIABLE = "HAFT_TASK_CHAIN";
const ARROW = " → ";
/** Runs inside one another; far above what builds do. */
const MOST = 20;
const MOST_SHOWN = 4;

/**
 * The variable for the command of one more task.
 *
 * @throws {HaftError} for a task whose command starts it again, and again
 */
export function taskChain(name: string, inherited: Env): Record<string, string> {
  const around = (envValue(inherited, VARIABLE) ?? "").split(ARROW).filter((one) => one !== "");
  if (around.length >= MOST) {
    const shown = [...around, name].slice(-MOST_SHOWN).join(ARROW);
    throw new HaftError(`Task "${name}" comes to no end, as tasks start each other: … ${shown}`, {
      next: `Take "haft run ${quotePosix(name)}" out of the command that starts it`,
    });
  }
  return { [VARIABLE]: [...around, name].join(ARROW) };
}
