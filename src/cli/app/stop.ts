import type { ExitCode } from "../../base/exit_code.ts";
import type { Command, Context } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { appsAsFarAsKnown, splitNames, withAppsOverHosts } from "./over_hosts.ts";
import { APP_FLAGS, type AppOptions, parseAppOptions } from "./app_options.ts";
import { noneStartedText, selectionOf } from "./selection.ts";
import { startedOverHosts } from "./started_over_hosts.ts";

export const command: Command<AppOptions> = {
  usage: ["[NAME…|all]"],
  flags: APP_FLAGS,
  examples: ["haft app stop web", "haft app stop --every-project"],
  completes: "apps",
  parse: parseAppOptions,
  async run(options, context) {
    const { names, json } = options;
    if (names.length === 0 || options.everyProject) return await stopHere(options, context);
    const { apps, mistake } = appsAsFarAsKnown(context);
    const split = splitNames(names, apps, startedOverHosts({}, context));
    return await withAppsOverHosts("stop", split, { json, context }, async () => {
      try {
        return await stopHere({ ...options, names: split.local }, context);
      } catch (error) {
        // The daemon cannot know a name that stands in a manifest with a mistake.
        throw mistake ?? error;
      }
    });
  },
};

async function stopHere(
  { names, everyProject, json, socket }: AppOptions,
  context: Context,
): Promise<ExitCode> {
  const selection = selectionOf({ names, everyProject }, context, { changes: true });
  const result = await withDaemon(
    { socket, client: "haft app" },
    context,
    (daemon) => daemon.request("app.stop", selection, { signal: context.signal }),
  );
  const none = noneStartedText(result.outcomes, { names, everyProject }, context);
  return await reportOutcomes(result, { json, everyProject, none }, context);
}
