import { ExitCode } from "../../base/exit_code.ts";
import type { Context } from "../command.ts";
import { type AppResult, complaint } from "./report.ts";

/** Prints how the apps of `haft app up` are. @returns `failed` when one of them did not come up */
export async function reportStarted(
  { outcomes, apps = [] }: AppResult,
  { json }: { json: boolean },
  { stdout, stderr }: Pick<Context, "stdout" | "stderr">,
): Promise<ExitCode> {
  for (const { name, error, next } of outcomes) {
    if (error !== null) await stderr.write(`${complaint({ name, error, next })}\n`);
  }
  if (json) await stdout.write(`${JSON.stringify({ outcomes, apps }, null, 2)}\n`);
  else await stdout.write(apps.map(({ name, state }) => `${name}: ${state}\n`).join(""));
  return outcomes.some(({ error }) => error !== null) ? ExitCode.failed : ExitCode.ok;
}
