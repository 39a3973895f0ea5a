import { ExitCode } from "../../base/exit_code.ts";
import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { APP_FLAGS, type AppOptions, NO_APPS_ANYWHERE, parseAppOptions } from "./app_options.ts";
import { selectionOf } from "./selection.ts";
import { nothingHereText } from "../../ui/nothing_here.ts";

export const command: Command<AppOptions> = {
  usage: ["[all]"],
  flags: APP_FLAGS,
  examples: ["haft app list", "haft app list --every-project"],
  completes: ["all"],
  parse: parseAppOptions,
  async run({ names, everyProject, json, socket }, context) {
    const { names: _, ...place } = selectionOf({ names, everyProject }, context);
    const { apps } = await withDaemon(
      { socket, client: "haft app" },
      context,
      (daemon) => daemon.request("app.list", place),
    );
    if (apps.length === 0 && !json) {
      await context.stderr.write(everyProject ? NO_APPS_ANYWHERE : nothingHereText("apps"));
    }
    await context.stdout.write(
      json ? `${JSON.stringify(apps, null, 2)}\n` : apps.map(({ name }) => `${name}\n`).join(""),
    );
    return ExitCode.ok;
  },
};
