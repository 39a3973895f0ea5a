import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected } from "../../channel/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import { asRemoteError } from "../daemon/remote_error.ts";
import type { Out } from "./call.ts";
import { warnOfUnmatched } from "./unmatched_types.ts";

/** Which events to print, and when to end. */
export interface Subscription {
  types: string[];
  since: string | undefined;
  subject: string | undefined;
  /** Infinity where there is no limit. */
  count: number;
  /** Milliseconds; Infinity where there is no limit. */
  forMs: number;
}

/** Events, one a line, until enough have come, the time is over, the reader has gone or the daemon ends. */
export async function subscribe(
  daemon: DaemonClient,
  { types, since, subject, count, forMs }: Subscription,
  { context: { stdout, stderr, signal }, quiet }: Out,
): Promise<ExitCode> {
  await warnOfUnmatched(types, { stderr });
  let seen = 0;
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => end = resolve);
  daemon.onEvent((event) => {
    if (seen >= count) return;
    if (!quiet) {
      void stdout.write(`${JSON.stringify(event, null, stdout.isTTY ? 2 : 0)}\n`).then(() => {
        if (stdout.closed) end();
      });
    }
    // Notices are not events of the stream, and have no number.
    if (event.seq !== undefined && ++seen >= count) end();
  });
  const params = {
    types,
    ...(subject === undefined ? {} : { subject }),
    ...(since === undefined ? {} : { since: parsePosition(since) }),
  };
  try {
    await daemon.request("events.subscribe", params, { signal });
  } catch (error) {
    throw asRemoteError(error);
  }
  const timer = Number.isFinite(forMs) ? setTimeout(end, forMs) : undefined;
  signal.addEventListener("abort", end, { once: true });
  let lost = false;
  await Promise.race([ended, daemon.closed.then(() => lost = true)]);
  clearTimeout(timer);
  await stdout.write("");
  if (signal.aborted) return ExitCode.interrupted;
  if (stdout.closed) return ExitCode.ok;
  if (lost) {
    throw new Disconnected("The daemon closed the connection", {
      next: '"haft daemon logs" says why; then run the command again',
    });
  }
  // With a time limit, fewer events than were asked for are a time-out.
  return seen < count && Number.isFinite(count) ? ExitCode.timedOut : ExitCode.ok;
}

function parsePosition(text: string): { epoch: string; seq: number } {
  const match = /^([0-9a-f]{12}):(\d+)$/.exec(text);
  if (match?.[1] === undefined) {
    throw new UsageError(`--since takes EPOCH:SEQ, not "${text}"`, {
      next: "Both are in the answer of events.subscribe",
    });
  }
  return { epoch: match[1], seq: Number(match[2]) };
}
