import { UsageError } from "../../base/errors.ts";
import { sentEnvironment } from "../caller_env.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { type AppOptions, parseAppOptions, PROJECT_APP_FLAGS } from "./app_options.ts";
import { checkApps, projectOf } from "./selection.ts";

export interface AppScaleOptions extends AppOptions {
  /** Instances by app. */
  counts: Readonly<Record<string, number>>;
}

export const command: Command<AppScaleOptions> = {
  usage: ["NAME=N…"],
  flags: PROJECT_APP_FLAGS,
  examples: ["haft app scale web=4 worker=2"],
  completes: "apps",
  parse,
  async run({ counts, json, socket }, context) {
    checkApps(context);
    await offerTrust(context, { declared: true });
    const params = { ...projectOf(context), counts, ...sentEnvironment(context) };
    const result = await withDaemon(
      { socket, client: "haft app" },
      context,
      (daemon) => daemon.request("app.scale", params, { signal: context.signal }),
    );
    return await reportOutcomes(result, { json }, context);
  },
};

function parse(args: ParsedArgs): AppScaleOptions {
  const options = parseAppOptions(args);
  const next = 'Write "haft app scale web=4"';
  if (options.names.length === 0) throw new UsageError("Which app, and how many instances?", { next });
  const counts = options.names.map((text) => {
    const [, name, digits] = /^(.+)=(\d{1,4})$/.exec(text) ?? [];
    const count = Number(digits);
    if (name === undefined || !(count <= 256)) {
      throw new UsageError(`"${text}" is not NAME=N, with N from 1 to 256`, { next });
    }
    if (count === 0) {
      throw new UsageError("An app has one instance at least", {
        next: `Run "haft app stop ${name}" to stop it`,
      });
    }
    return [name, count] as const;
  });
  return { ...options, counts: Object.fromEntries(counts) };
}
