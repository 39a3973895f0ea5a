import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected } from "../../channel/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { StreamPosition } from "../../hub/hub.ts";
import type { DaemonEvent } from "../../protocol/events.ts";
import { keepConnected, type KeepConnectedOptions } from "../daemon/keep_connected.ts";
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

/**
 * Events, one a line, until enough have come, the time is over or the reader has gone. They go on with the
 * next daemon, whose stream begins with the notice `reset`.
 */
export async function subscribe(
  connection: KeepConnectedOptions,
  { types, since, subject, count, forMs }: Subscription,
  { context, quiet }: Out,
): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  let position = since === undefined ? undefined : parsePosition(since);
  await warnOfUnmatched(types, { stderr });
  let seen = 0;
  const over = new AbortController();
  const ending = AbortSignal.any([signal, over.signal]);
  const print = (event: DaemonEvent) => {
    if (seen >= count) return;
    if (!quiet) {
      void stdout.write(`${JSON.stringify(event, null, stdout.isTTY ? 2 : 0)}\n`).then(() => {
        if (stdout.closed) over.abort();
      });
    }
    // Notices are not events of the stream, and have no number.
    if (event.seq !== undefined && ++seen >= count) over.abort();
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await keepConnected(connection, { ...context, signal: ending }, async (daemon) => {
      const { epoch } = daemon.ack;
      daemon.onEvent((event) => {
        const seq = placeOf(event);
        if (seq !== undefined) position = { epoch, seq };
        print(event);
      });
      const answer = await daemon.request("events.subscribe", {
        types,
        ...(subject === undefined ? {} : { subject }),
        ...(position === undefined ? {} : { since: position }),
      }, { signal: ending });
      position ??= { epoch, seq: answer.seq };
      timer ??= Number.isFinite(forMs) ? setTimeout(() => over.abort(), forMs) : undefined;
      await untilLost(daemon, ending);
    });
  } catch (error) {
    if (!ending.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  await stdout.write("");
  if (signal.aborted) return ExitCode.interrupted;
  if (stdout.closed) return ExitCode.ok;
  // With a time limit, fewer events than were asked for are a time-out.
  return seen < count && Number.isFinite(count) ? ExitCode.timedOut : ExitCode.ok;
}

/** @throws {Disconnected} when the daemon ends before */
async function untilLost(daemon: DaemonClient, ending: AbortSignal): Promise<void> {
  const ended = Promise.withResolvers<void>();
  ending.addEventListener("abort", () => ended.resolve(), { once: true });
  void daemon.closed.then(() => ended.reject(new Disconnected("The daemon closed the connection")));
  if (!ending.aborted) await ended.promise;
}

/** How far a subscriber is who has seen this. */
function placeOf({ event, seq, data }: DaemonEvent): number | undefined {
  if (event === "lagged") return data.to;
  return event === "reset" ? data.seq : seq;
}

function parsePosition(text: string): StreamPosition {
  const match = /^([0-9a-f]{12}):(\d+)$/.exec(text);
  if (match?.[1] === undefined) {
    throw new UsageError(`--since takes EPOCH:SEQ, not "${text}"`, {
      next: "Both are in the answer of events.subscribe",
    });
  }
  return { epoch: match[1], seq: Number(match[2]) };
}
