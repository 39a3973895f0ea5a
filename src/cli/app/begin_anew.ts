import { ExitCode } from "../../base/exit_code.ts";
import { sentEnvironment } from "../caller_env.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { splitNames, withAppsOverHosts } from "./over_hosts.ts";
import { APP_FLAGS, type AppOptions, parseAppOptions } from "./app_options.ts";
import { withWaitsTold } from "./told_waits.ts";
import { checkApps, requireProject, selectionOf } from "./selection.ts";
import { nothingHereText } from "../../ui/nothing_here.ts";

/** A command that starts running apps anew, with the caller's environment. */
export function beginAnew(
  method: "app.restart" | "app.reload",
  examples: readonly string[],
): Command<AppOptions> {
  return {
    usage: ["[NAME…|all]"],
    flags: APP_FLAGS,
    examples,
    completes: "apps",
    parse: parseAppOptions,
    async run({ names, everyProject, json, socket }, context) {
      const declared = everyProject ? new Map() : checkApps(context);
      // A rolling update is what a restart of copies is, and a reload no other.
      const split = splitNames(names, declared);
      return await withAppsOverHosts("restart", split, { json, context }, async () => {
        const selection = selectionOf({ names: split.local, everyProject }, context, { changes: true });
        await offerTrust(context, { declared: true });
        const request = { ...selection, ...sentEnvironment(context) };
        const result = await withDaemon(
          { socket, client: "haft app" },
          context,
          (daemon) => {
            const answer = daemon.request(method, request, { signal: context.signal });
            return withWaitsTold(answer, { daemon, selection, quiet: json }, context);
          },
        );
        requireProject(result.outcomes, { everyProject }, context);
        if (names.length === 0 && result.outcomes.length === 0 && !json) {
          const isEmpty = !everyProject && context.remote === undefined && declared.size === 0;
          await context.stderr.write(
            isEmpty ? nothingHereText("apps") : 'No app runs\n  "haft app start" starts the project\'s\n',
          );
          return ExitCode.ok;
        }
        return await reportOutcomes(result, { json, everyProject }, context);
      });
    },
  };
}
