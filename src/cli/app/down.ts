import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { APP_FLAGS, type AppOptions, parseAppOptions } from "./app_options.ts";
import { projectOf, selectionOf } from "./selection.ts";

export const command: Command<AppOptions> = {
  usage: ["[NAME…]"],
  flags: APP_FLAGS,
  examples: ["haft app down"],
  completes: "apps",
  parse: parseAppOptions,
  async run({ names, json, socket }, context) {
    const selection = { ...projectOf(context), names: selectionOf(names, context).names };
    const result = await withDaemon(
      { socket, client: "haft app" },
      context,
      (daemon) => daemon.request("app.down", selection, { signal: context.signal }),
    );
    return await reportOutcomes(result, { json }, context);
  },
};
