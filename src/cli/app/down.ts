import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { type AppOptions, meansAll, parseAppOptions, PROJECT_APP_FLAGS } from "./app_options.ts";
import { noneStartedText, projectOf } from "./selection.ts";

export const command: Command<AppOptions> = {
  usage: ["[NAME…]"],
  flags: PROJECT_APP_FLAGS,
  examples: ["haft app down"],
  completes: "apps",
  parse: parseAppOptions,
  async run({ names, json, socket }, context) {
    const selection = { ...projectOf(context), names: meansAll(names) ? [] : [...names] };
    const result = await withDaemon(
      { socket, client: "haft app" },
      context,
      (daemon) => daemon.request("app.down", selection, { signal: context.signal }),
    );
    const none = noneStartedText(result.outcomes, { names }, context);
    return await reportOutcomes(result, { json, none }, context);
  },
};
