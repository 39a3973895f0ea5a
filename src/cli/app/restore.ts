import type { Command } from "../command.ts";
import { socketFlag } from "../daemon/endpoint.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { noFurther } from "../flag_values.ts";
import { reportOutcomes } from "./report.ts";
import { PROJECT_APP_FLAGS } from "./app_options.ts";

export interface AppRestoreOptions {
  json: boolean;
  socket: string | undefined;
}

export const command: Command<AppRestoreOptions> = {
  usage: [""],
  flags: PROJECT_APP_FLAGS,
  parse(args) {
    noFurther([...args.positional, ...args.rest], "It starts all apps of the saved list");
    return { json: args.flags.has("json"), socket: socketFlag(args) };
  },
  async run({ json, socket }, context) {
    const result = await withDaemon(
      { socket, client: "haft app" },
      context,
      (daemon) => daemon.request("app.restore", {}, { signal: context.signal }),
    );
    return await reportOutcomes(
      result,
      { json, none: 'The saved list has no apps\n  Run "haft app save" while they run\n' },
      context,
    );
  },
};
