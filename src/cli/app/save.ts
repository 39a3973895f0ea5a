import { ExitCode } from "../../base/exit_code.ts";
import { counted } from "../../ui/text.ts";
import type { Command } from "../command.ts";
import { SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { JSON_FLAG, noFurther } from "../flag_values.ts";

export interface AppSaveOptions {
  force: boolean;
  json: boolean;
  socket: string | undefined;
}

export const command: Command<AppSaveOptions> = {
  usage: [""],
  flags: [{ name: "force", description: "Save an empty list, too" }, JSON_FLAG, SOCKET_FLAG],
  parse(args) {
    noFurther([...args.positional, ...args.rest], "It saves all apps that run");
    return { force: args.flags.has("force"), json: args.flags.has("json"), socket: socketFlag(args) };
  },
  async run({ force, json, socket }, context) {
    const { path, apps } = await withDaemon(
      { socket, client: "haft app" },
      context,
      (daemon) => daemon.request("app.save", { force }),
    );
    if (json) await context.stdout.write(`${JSON.stringify({ path, apps }, null, 2)}\n`);
    else await context.stderr.write(`Saved ${counted(apps.length, "app")} in ${path}\n`);
    return ExitCode.ok;
  },
};
