import { availableParallelism } from "node:os";
import { UsageError } from "../../base/errors.ts";
import { sentEnvironment } from "../caller_env.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { type AppOptions, parseAppOptions, PROJECT_APP_FLAGS } from "./app_options.ts";
import { checkApps, projectOf } from "./selection.ts";

export interface AppScaleOptions extends AppOptions {
  /** Instances by app; `max` is one for each core of this machine. */
  counts: Readonly<Record<string, number | "max">>;
}

export const command: Command<AppScaleOptions> = {
  usage: ["NAME=N…", "NAME=max"],
  flags: PROJECT_APP_FLAGS,
  examples: ["haft app scale web=4 worker=2"],
  completes: "apps",
  parse,
  async run({ counts: wanted, json, socket }, context) {
    const counts = numbersOf(wanted, context);
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
    const [, name, digits] = /^(.+)=(\d{1,4}|max)$/.exec(text) ?? [];
    if (name !== undefined && digits === "max") return [name, "max"] as const;
    const count = Number(digits);
    if (name === undefined || !(count <= 256)) {
      throw new UsageError(`"${text}" is not NAME=N, with N from 1 to 256 or max`, { next });
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

/** @throws {UsageError} for `max` on another host, whose cores are not known here */
function numbersOf(counts: AppScaleOptions["counts"], { remote }: Context): Record<string, number> {
  const cores = Math.min(256, availableParallelism());
  if (remote !== undefined && Object.values(counts).includes("max")) {
    throw new UsageError('"max" means the cores of this machine', {
      next: "Write a number for another host",
    });
  }
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [name, count === "max" ? cores : count]),
  );
}
