import { compilePattern, type Pattern } from "../../base/pattern.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected } from "../../channel/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { DaemonEvent } from "../../protocol/events.ts";
import type { Context } from "../command.ts";
import type { AppLine } from "./log_printer.ts";
import type { Selection } from "./app_options.ts";

/** The line that an event brings, where it is one of the apps that are meant and matches. */
export function lineOf(
  { event, data }: DaemonEvent,
  { selection: { root, names }, grep }: { selection: Selection; grep?: Pattern | undefined },
): AppLine | undefined {
  if (event !== "app.log_line") return undefined;
  if (root !== undefined && data.root !== root) return undefined;
  const meant = names.includes(data.app) || names.includes(`${data.app}:${data.instance}`);
  if (names.length > 0 && !meant) return undefined;
  return grep === undefined || grep.test(data.line) ? data : undefined;
}

/** @throws {UsageError} when it is no regular expression */
export async function patternFlag(grep: string | undefined): Promise<Pattern | undefined> {
  return grep === undefined ? undefined : await compilePattern(grep);
}

/** Waits until the reader of stdout leaves, the daemon ends or Ctrl-C. */
export async function untilEnd(
  daemon: DaemonClient,
  { stdout, signal }: Pick<Context, "stdout" | "signal">,
): Promise<ExitCode> {
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
