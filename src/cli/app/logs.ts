import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected } from "../../channel/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { DaemonEvent } from "../../protocol/events.ts";
import type { Context } from "../command.ts";
import type { Selection } from "./actions.ts";
import { type AppLine, LogPrinter } from "./log_printer.ts";
import type { AppCommandOptions } from "./options.ts";

/** The last lines, and with `--follow` those that come. */
export async function logs(
  daemon: DaemonClient,
  { options, selection }: { options: AppCommandOptions; selection: Selection },
  context: Context,
): Promise<ExitCode> {
  const { stdout, signal } = context;
  const printer = new LogPrinter(stdout, options);
  const waiting: AppLine[] = [];
  let show = (line: AppLine) => void waiting.push(line);
  if (options.follow) {
    daemon.onEvent((message) => {
      const line = lineOf(message, { selection, grep: options.grep });
      if (line !== undefined) show(line);
    });
    // Before the lines of the past are read, so that none is missed in between.
    await daemon.request("events.subscribe", { types: ["app.log_line"] }, { signal });
  }
  const { lines } = await daemon.request("app.logs", {
    ...selection,
    lines: options.lines,
    ...(options.since === undefined ? {} : { since: options.since }),
    ...(options.grep === undefined ? {} : { grep: options.grep }),
  }, { signal });
  for (const line of lines) await printer.print(line);
  if (!options.follow) return ExitCode.ok;
  return await follow(daemon, {
    begin: () => {
      // Lines of the past may have come as events, too.
      const known = new Set(lines.slice(-waiting.length).map((line) => `${line.app} ${line.line}`));
      for (const line of waiting) if (!known.has(`${line.app} ${line.line}`)) void printer.print(line);
      show = (line) => void printer.print(line);
    },
  }, context);
}

/** Waits until the reader leaves, the daemon ends or Ctrl-C. */
export async function follow(
  daemon: DaemonClient,
  { begin }: { begin: () => void },
  { stdout, signal }: Context,
): Promise<ExitCode> {
  begin();
  let lost = false;
  const ended = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => ended.resolve(), { once: true });
  void daemon.closed.then(() => {
    lost = true;
    ended.resolve();
  });
  const look = setInterval(() => {
    if (stdout.closed) ended.resolve();
  }, 100);
  await ended.promise;
  clearInterval(look);
  if (signal.aborted) return ExitCode.interrupted;
  if (lost && !stdout.closed) throw new Disconnected("The daemon closed the connection");
  return ExitCode.ok;
}

export function lineOf(
  { event, data }: DaemonEvent,
  { selection: { root, names }, grep }: { selection: Selection; grep: string | undefined },
): AppLine | undefined {
  if (event !== "app.log_line") return undefined;
  if (root !== undefined && data.root !== root) return undefined;
  if (names.length > 0 && !names.includes(data.app)) return undefined;
  return grep === undefined || new RegExp(grep).test(data.line) ? data : undefined;
}
