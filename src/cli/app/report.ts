import { ExitCode } from "../../base/exit_code.ts";
import type { AppOutcome, AppStatus } from "../../protocol/methods/app_methods.ts";
import type { Context } from "../command.ts";
import { shortPath } from "../short_path.ts";
import { shownStateOf } from "./state_text.ts";
import { nothingHereText } from "../../ui/nothing_here.ts";

/** What the daemon answers when something was done with apps. */
export interface AppResult {
  outcomes: readonly AppOutcome[];
  /** The apps afterwards; absent where they are gone. */
  apps?: readonly AppStatus[];
}

/**
 * Prints a line for each app.
 *
 * @param everyProject each line says whose app it is
 * @param done what is said of an app that the answer does not describe
 * @param none what is said where the answer has no apps
 * @returns `failed` when one of them failed
 */
export async function reportOutcomes(
  result: AppResult,
  { json, everyProject = false, done = "done", none = nothingHereText("apps") }: {
    json: boolean;
    everyProject?: boolean;
    done?: string;
    none?: string;
  },
  { stdout, stderr, home }: Pick<Context, "stdout" | "stderr" | "home">,
): Promise<ExitCode> {
  const { outcomes, apps = [] } = result;
  if (json) await stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else {
    for (const { name, root, error, next } of outcomes) {
      const app = apps.find((one) => one.name === name && one.root === root);
      const label = everyProject ? `${name} (${shortPath(root, home)})` : name;
      if (error !== null) await stderr.write(`${complaint({ name: label, error, next })}\n`);
      else await stdout.write(`${label}: ${app === undefined ? done : describe(app)}\n`);
    }
    if (outcomes.length === 0) await stderr.write(none);
  }
  return outcomes.some(({ error }) => error !== null) ? ExitCode.failed : ExitCode.ok;
}

/** What is wrong with an app, and on a line of its own the next step. */
export function complaint(
  { name, error, next }: { name: string; error: string; next?: string | undefined },
): string {
  return `${name}: ${error}${next === undefined ? "" : `\n  ${next}`}`;
}

function describe(app: AppStatus): string {
  const state = shownStateOf(app);
  const pids = app.instances.flatMap(({ pid }) => pid ?? []);
  return pids.length === 0 ? state : `${state}, pid ${pids.join(", ")}`;
}
