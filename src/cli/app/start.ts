import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { sentEnvironment } from "../caller_env.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { socketFlag } from "../daemon/endpoint.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { APP_FLAGS, type AppOptions, NONE_STARTS } from "./app_options.ts";
import { checkApps, projectOf, selectionOf } from "./selection.ts";

export interface AppStartOptions extends AppOptions {
  /** Of an app that haft.toml does not declare. */
  command: readonly string[];
}

export const command: Command<AppStartOptions> = {
  usage: ["[NAME…]", "NAME -- COMMAND…"],
  flags: APP_FLAGS,
  examples: ["haft app start web worker", "haft app start tunnel -- ssh -N build-host"],
  completes: "apps",
  parse,
  async run({ names, command, json, socket }, context) {
    const selection = { ...projectOf(context), names: selectionOf(names, context).names };
    checkApps(context);
    await offerTrust(context, { declared: command.length === 0 });
    const config = command.length === 0 ? {} : { config: { command: [...command], cwd: context.cwd } };
    const result = await withDaemon(
      { socket, client: "haft app" },
      context,
      (daemon) =>
        daemon.request("app.start", { ...selection, ...config, ...sentEnvironment(context) }, {
          signal: context.signal,
        }),
    );
    if (names.length === 0 && result.outcomes.length === 0 && !json) {
      await context.stderr.write(NONE_STARTS);
      return ExitCode.ok;
    }
    return await reportOutcomes(result, { json }, context);
  },
};

function parse(args: ParsedArgs): AppStartOptions {
  const { positional: names, rest: command, flags } = args;
  if (names.includes("all")) {
    throw new UsageError('"all" cannot be started', {
      next: "Name the apps, or write no name for all of this project's",
    });
  }
  if (command.length > 0 && names.length !== 1) {
    throw new UsageError("A command needs one name for its app", {
      next: 'Write "haft app start NAME -- COMMAND…"',
    });
  }
  return { names, command, json: flags.has("json"), socket: socketFlag(args) };
}
