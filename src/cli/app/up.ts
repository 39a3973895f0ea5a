import { UsageError } from "../../base/errors.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { keepConnected } from "../daemon/keep_connected.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { textFlag } from "../flag_values.ts";
import { LogFollow } from "./log_follow.ts";
import { LogPrinter } from "./log_printer.ts";
import { APP_FLAGS, type AppOptions, checkApps, parseAppOptions, projectSelection } from "./selection.ts";
import { upDetached } from "./up_detached.ts";
import { UpFront } from "./up_front.ts";

export interface AppUpOptions extends AppOptions {
  /** Return when all are up, and leave them running. */
  detach: boolean;
  /** Of the apps that belong to profiles, only those of these start. */
  profiles: readonly string[];
  grep: string | undefined;
  timestamps: boolean;
  /** End with this app, and with its exit code. */
  exitOn: string | undefined;
  /** End with the first app that fails. */
  abortOnFailure: boolean;
}

export const command: Command<AppUpOptions> = {
  usage: ["[NAME…]"],
  flags: [
    { name: "detach", short: "d", description: "Return when all are up, and leave them running" },
    { name: "profile", value: "NAMES", description: "Start apps of these profiles, too: dev,debug" },
    { name: "exit-on", value: "NAME", description: "Stop all when this app ends; its exit code is haft's" },
    { name: "abort-on-failure", description: "Stop all when one fails; its exit code is haft's" },
    { name: "grep", value: "RE", description: "Show only lines that match" },
    { name: "timestamps", short: "t", description: "Show when each line was written" },
    ...APP_FLAGS,
  ],
  examples: ["haft app up", "haft app up -d web", "haft app up --profile dev"],
  completes: "apps",
  parse,
  async run({ names, detach, profiles, grep, timestamps, exitOn, abortOnFailure, json, socket }, context) {
    await offerTrust(context, { declared: true });
    const target = projectSelection(names, context);
    checkApps(context);
    const client = "haft app";
    if (detach) {
      return await withDaemon(
        { socket, client },
        context,
        (daemon) => upDetached(daemon, { target, profiles, json }, context),
      );
    }
    const follow = new LogFollow({
      selection: target,
      grep,
      printer: new LogPrinter(context.stdout, { json, timestamps }),
    });
    const front = new UpFront({ target, profiles, follow, exitOn, abortOnFailure, json }, context);
    return await keepConnected(
      { socket, client, comeBack: "haft app up" },
      context,
      (daemon, again) => front.run(daemon, again),
    );
  },
};

function parse(args: ParsedArgs): AppUpOptions {
  const options = {
    ...parseAppOptions(args),
    detach: args.flags.has("detach"),
    profiles: (textFlag(args, "profile") ?? "").split(",").map((name) => name.trim()).filter((name) =>
      name !== ""
    ),
    grep: textFlag(args, "grep"),
    timestamps: args.flags.has("timestamps"),
    exitOn: textFlag(args, "exit-on"),
    abortOnFailure: args.flags.has("abort-on-failure"),
  };
  if (options.detach && (options.exitOn !== undefined || options.abortOnFailure)) {
    throw new UsageError("--exit-on and --abort-on-failure watch the apps, which --detach does not", {
      next: "Take --detach away",
    });
  }
  return options;
}
