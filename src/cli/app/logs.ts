import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { AppStatus } from "../../protocol/methods/app_methods.ts";
import { parseHostSelection } from "../../tools/manifest/host_selector.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { keepConnected } from "../daemon/keep_connected.ts";
import { numberFlag, parseDuration, textFlag } from "../flag_values.ts";
import { LogFollow } from "./log_follow.ts";
import { patternFlag, untilEnd } from "./log_lines.ts";
import { LogPrinter } from "./log_printer.ts";
import { APP_FLAGS, type AppOptions, NO_APPS_ANYWHERE, parseAppOptions } from "./app_options.ts";
import { requireProject, selectionOf } from "./selection.ts";
import { nothingHereText } from "../../ui/nothing_here.ts";

export interface AppLogsOptions extends AppOptions {
  lines: number;
  /** Milliseconds since 1970. */
  since: number | undefined;
  grep: string | undefined;
  follow: boolean;
  timestamps: boolean;
}

export const command: Command<AppLogsOptions> = {
  usage: ["[NAME…|all]"],
  flags: [
    { name: "follow", short: "f", description: "Go on with what is written" },
    { name: "lines", short: "n", value: "N", description: "How many lines (default: 100)" },
    { name: "since", value: "T", description: "Lines since a time, or of the last 10m" },
    { name: "grep", value: "RE", description: "Lines that match a regular expression (RE2's syntax)" },
    { name: "timestamps", short: "t", description: "Show when each line was written" },
    ...APP_FLAGS,
  ],
  examples: ["haft app logs -f web", "haft app logs --since 1h --grep error"],
  completes: "apps",
  parse,
  async run({ names, everyProject, lines, since, grep, follow, timestamps, json, socket }, context) {
    const selection = selectionOf({ names, everyProject }, context);
    const printer = new LogPrinter(context.stdout, { json, timestamps });
    const log = new LogFollow({ selection, grep: await patternFlag(grep), printer });
    const query = {
      lines,
      ...(since === undefined ? {} : { since }),
      ...(grep === undefined ? {} : { grep }),
    };
    return await keepConnected(
      {
        socket,
        client: "haft app",
        comeBack: ["haft app logs -f", ...names, ...everyProject ? ["--every-project"] : []].join(" "),
      },
      context,
      async (daemon, again) => {
        const { apps } = await daemon.request("app.status", { ...selection, names: [] });
        printer.know(apps);
        if (!again && apps.length === 0) {
          requireProject(apps, { everyProject }, context);
          await context.stderr.write(everyProject ? NO_APPS_ANYWHERE : nothingHereText("apps"));
          if (!follow) return ExitCode.ok;
        }
        if (!again) await noteCopies(apps.filter(({ name }) => names.includes(name)), context);
        return await printLogs(daemon, { log, query, follow, again }, context);
      },
    );
  },
};

/** Each copy's log is on the host that runs it. */
async function noteCopies(apps: readonly AppStatus[], { stderr, remote }: Context): Promise<void> {
  if (remote !== undefined) return;
  for (const { name, root, hosts } of apps) {
    if (hosts === null) continue;
    const directory = parseHostSelection(hosts)?.directory ?? root;
    await stderr.write(
      `Note: hosts of the fleet run ${name}, and each has the log of its copy: "haft app status ${name}" ` +
        `says which, and "haft --host HOST:${directory} app logs ${name}" shows one\n`,
    );
  }
}

function parse(args: ParsedArgs): AppLogsOptions {
  return {
    ...parseAppOptions(args),
    lines: numberFlag(args, "lines", { usual: 100, most: 10_000 }),
    since: sinceFlag(textFlag(args, "since")),
    grep: textFlag(args, "grep"),
    follow: args.flags.has("follow"),
    timestamps: args.flags.has("timestamps"),
  };
}

/** A time, or how long ago. @returns milliseconds since 1970 */
function sinceFlag(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  if (!/^\d/.test(text)) {
    const date = new Date().toISOString().slice(0, 10);
    throw new UsageError(
      `--since takes a time such as ${date}T08:00, or 10m for the last ones, not "${text}"`,
    );
  }
  return Date.now() - parseDuration("since", text);
}

async function printLogs(
  daemon: DaemonClient,
  { log, query, follow, again }: {
    log: LogFollow;
    query: Omit<Parameters<LogFollow["past"]>[1], "follow">;
    follow: boolean;
    again: boolean;
  },
  context: Context,
): Promise<ExitCode> {
  if (follow) {
    log.hold();
    daemon.onEvent((message) => log.onEvent(message));
    // Before the past lines are read, so that no line in between is missed.
    await daemon.request("events.subscribe", { types: ["app.log_line"] }, { signal: context.signal });
  }
  const { signal } = context;
  await (again ? log.catchUp(daemon, signal) : log.past(daemon, { ...query, follow }, signal));
  return follow ? await untilEnd(daemon, context) : ExitCode.ok;
}
