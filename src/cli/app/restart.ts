import { callerEnvironment } from "../../base/caller_environment.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { APP_FLAGS, type AppOptions, checkApps, parseAppOptions, selectionOf } from "./selection.ts";

export const command: Command<AppOptions> = {
  usage: ["[NAME…|all]"],
  flags: APP_FLAGS,
  examples: ["haft app restart web", "haft app restart web:1"],
  completes: "apps",
  parse: parseAppOptions,
  async run({ names, json, socket }, context) {
    const selection = selectionOf(names, context);
    if (selection.root !== undefined) checkApps(context);
    await offerTrust(context, { declared: true });
    const result = await withDaemon(
      { socket, client: "haft app" },
      context,
      (daemon) =>
        daemon.request("app.restart", { ...selection, env: callerEnvironment(context.env) }, {
          signal: context.signal,
        }),
    );
    return await reportOutcomes(result, { json }, context);
  },
};
