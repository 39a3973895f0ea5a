import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { numberFlag, parseDuration, textFlag } from "../flag_values.ts";
import { lineOf, untilEnd } from "./log_lines.ts";
import { type AppLine, LogPrinter } from "./log_printer.ts";
import { APP_FLAGS, type AppOptions, parseAppOptions, selectionOf } from "./selection.ts";

export interface AppLogsOptions extends AppOptions {
  lines: number;
  /** Milliseconds since 1970. */
  since: number | undefined;
  grep: string | undefined;
  follow: boolean;
}

export const command: Command<AppLogsOptions> = {
  usage: ["[NAME…|all]"],
  flags: [
    { name: "follow", short: "f", description: "Go on with what is written" },
    { name: "lines", short: "n", value: "N", description: "How many lines (default: 100)" },
    { name: "since", value: "T", description: "Lines since a time, or of the last 10m" },
    { name: "grep", value: "RE", description: "Lines that match" },
    ...APP_FLAGS,
  ],
  examples: ["haft app logs -f web", "haft app logs --since 1h --grep error"],
  completes: "apps",
  parse,
  run: ({ socket, ...options }, context) =>
    withDaemon({ socket, client: "haft app" }, context, (daemon) => printLogs(daemon, options, context)),
};

function parse(args: ParsedArgs): AppLogsOptions {
  return {
    ...parseAppOptions(args),
    lines: numberFlag(args, "lines", { usual: 100, most: 10_000 }),
    since: sinceFlag(textFlag(args, "since")),
    grep: textFlag(args, "grep"),
    follow: args.flags.has("follow"),
  };
}

/** A time, or how long ago. @returns milliseconds since 1970 */
function sinceFlag(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? Date.now() - parseDuration("since", text) : time;
}

async function printLogs(
  daemon: DaemonClient,
  { names, lines: count, since, grep, follow, json }: Omit<AppLogsOptions, "socket">,
  context: Context,
): Promise<ExitCode> {
  const { stdout, signal } = context;
  const selection = selectionOf(names, context);
  const printer = new LogPrinter(stdout, { json });
  const waiting: AppLine[] = [];
  let show = (line: AppLine) => void waiting.push(line);
  if (follow) {
    daemon.onEvent((message) => {
      const line = lineOf(message, { selection, grep });
      if (line !== undefined) show(line);
    });
    // Before the past lines are read, so that no line in between is missed.
    await daemon.request("events.subscribe", { types: ["app.log_line"] }, { signal });
  }
  const { lines } = await daemon.request("app.logs", {
    ...selection,
    lines: count,
    ...(since === undefined ? {} : { since }),
    ...(grep === undefined ? {} : { grep }),
  }, { signal });
  for (const line of lines) await printer.print(line);
  if (!follow) return ExitCode.ok;
  // Lines of the past may have come as events, too.
  const known = new Set(lines.slice(-waiting.length).map((line) => `${line.app} ${line.line}`));
  for (const line of waiting) if (!known.has(`${line.app} ${line.line}`)) void printer.print(line);
  show = (line) => void printer.print(line);
  return await untilEnd(daemon, context);
}
