import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { appsAsFarAsKnown, splitNames, withAppsOverHosts } from "./over_hosts.ts";
import { APP_FLAGS, type AppOptions, parseAppOptions } from "./app_options.ts";
import { selectionOf } from "./selection.ts";

export const command: Command<AppOptions> = {
  usage: ["[NAME…|all]"],
  flags: APP_FLAGS,
  examples: ["haft app stop web", "haft app stop --every-project"],
  completes: "apps",
  parse: parseAppOptions,
  async run({ names, everyProject, json, socket }, context) {
    // Their names are known to the manifest alone.
    const split = splitNames(names, names.length === 0 ? new Map() : appsAsFarAsKnown(context));
    return await withAppsOverHosts("stop", split, { json, context }, async () => {
      const selection = selectionOf({ names: split.local, everyProject }, context, { changes: true });
      const result = await withDaemon(
        { socket, client: "haft app" },
        context,
        (daemon) => daemon.request("app.stop", selection, { signal: context.signal }),
      );
      return await reportOutcomes(result, { json }, context);
    });
  },
};
