import { callerEnvironment } from "../../base/caller_environment.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { Context } from "../command.ts";
import { noneStartsText, type ProjectSelection } from "./app_options.ts";
import { checkApps } from "./selection.ts";
import { reportStarted } from "./report_started.ts";
import { withWaitsTold } from "./told_waits.ts";

/** Starts a project's apps, and leaves them running. */
export async function upDetached(
  daemon: DaemonClient,
  { target, profiles, json }: { target: ProjectSelection; profiles: readonly string[]; json: boolean },
  context: Context,
): Promise<ExitCode> {
  const env = callerEnvironment(context.env);
  const { signal } = context;
  const answer = daemon.request("app.up", { ...target, profiles: [...profiles], env }, { signal });
  const result = await withWaitsTold(answer, { daemon, selection: target, quiet: json }, context);
  if (result.outcomes.length === 0 && !json) {
    await context.stderr.write(noneStartsText(checkApps(context)));
    return ExitCode.ok;
  }
  return await reportStarted(result, { json }, context);
}
