import type { ExitCode } from "../base/exit_code.ts";
import { failpoint } from "../tools/install/failpoint.ts";
import { execKnown } from "./exec_known.ts";
import { run } from "./run.ts";

/**
 * Runs haft in this process.
 *
 * @param args what follows the program's name
 */
export async function start(args: readonly string[]): Promise<ExitCode | number> {
  failpoint("core-loaded");
  const isExec = args[0] === "exec" || args[0] === "x";
  return (isExec ? await execKnown(args) : undefined) ?? await run(args);
}
