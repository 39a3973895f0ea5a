import { HaftError } from "../../base/errors.ts";
import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { APP_FLAGS, type AppOptions, parseAppOptions } from "./app_options.ts";
import { noneStartedText, selectionOf } from "./selection.ts";
import { startedOverHosts } from "./started_over_hosts.ts";

export interface AppDeleteOptions extends AppOptions {
  /** Remove their logs, too. */
  logs: boolean;
}

export const command: Command<AppDeleteOptions> = {
  usage: ["[NAME…|all]"],
  flags: [{ name: "force", description: "Remove their logs, too" }, ...APP_FLAGS],
  examples: ["haft app delete tunnel --force"],
  completes: "apps",
  parse: (args) => ({ ...parseAppOptions(args), logs: args.flags.has("force") }),
  async run({ names, everyProject, logs, json, socket }, context) {
    const over = everyProject
      ? undefined
      : startedOverHosts({}, context).find(({ name }) => names.includes(name));
    if (over !== undefined) {
      throw new HaftError(`App "${over.name}" runs on hosts of the fleet (${over.hosts})`, {
        next: `Run "haft app stop ${over.name}" first`,
      });
    }
    const selection = selectionOf({ names, everyProject }, context, { changes: true });
    const result = await withDaemon(
      { socket, client: "haft app" },
      context,
      (daemon) => daemon.request("app.delete", { ...selection, logs }, { signal: context.signal }),
    );
    const none = noneStartedText(result.outcomes, { names, everyProject }, context);
    return await reportOutcomes(result, { json, everyProject, done: "deleted", none }, context);
  },
};
