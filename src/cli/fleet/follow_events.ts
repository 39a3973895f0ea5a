/** `haft ipc-send --subscribe TYPES --host '*'`: all hosts' events, from the fleet's stream. */
import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { FleetConnection } from "../../fleet/connect.ts";
import {
  EventReader,
  type FleetEvent,
  formatFleetPosition,
  parseFleetPosition,
} from "../../fleet/event_reader.ts";
import type { Context } from "../command.ts";
import type { Subscription } from "../ipc/subscribe.ts";
import { warnOfUnmatched } from "../ipc/unmatched_types.ts";
import type { HostSelector } from "./host_flag.ts";
import { isOneThere } from "./hosts_of.ts";

/** Whether the stream is meant, and not a session with each host: for hosts that are not named one by one. */
export function readsStream({ kind }: HostSelector, { since }: Subscription): boolean {
  return kind !== "names" || (since !== undefined && parseFleetPosition(since) !== undefined);
}

export async function followEvents(
  { selector, subscription, connection, fleet, quiet }: {
    selector: HostSelector;
    subscription: Subscription;
    connection: FleetConnection;
    fleet: string;
    quiet: boolean;
  },
  { stdout, stderr, signal }: Context,
): Promise<ExitCode> {
  const { types, since, subject, count, forMs } = subscription;
  const from = since === undefined ? undefined : parseFleetPosition(since);
  if (since !== undefined && from === undefined) {
    throw new UsageError(`--since takes a sequence of the fleet's stream here, not "${since}"`, {
      next: 'Each line has it as "since"; 0 is the beginning of what the stream has',
    });
  }
  await warnOfUnmatched(types, { stderr });
  const end = new AbortController();
  const timer = Number.isFinite(forMs) ? setTimeout(() => end.abort(), forMs) : undefined;
  const { kind, names, labels } = selector;
  const reader = new EventReader(connection.nats, fleet, {
    types,
    hosts: kind === "names" ? names : undefined,
    labels,
  });
  if (!quiet && !await isOneThere(selector, { connection, fleet })) {
    await stderr.write(
      "Note: no host that is there matches --host; its events come when there is one\n" +
        '  Run "haft fleet ls" for those that are there\n',
    );
  }
  let seen = 0;
  try {
    for await (const one of reader.follow(from, AbortSignal.any([signal, end.signal]))) {
      // Notices have no number, and are about every subject.
      const notice = one.event.seq === undefined;
      if (!notice && subject !== undefined && one.event.subject !== subject) continue;
      if (!quiet) await stdout.write(line(one));
      if (stdout.closed || (!notice && ++seen >= count)) break;
    }
  } finally {
    clearTimeout(timer);
  }
  if (signal.aborted) return ExitCode.interrupted;
  if (stdout.closed) return ExitCode.ok;
  return seen < count && Number.isFinite(count) ? ExitCode.timedOut : ExitCode.ok;
}

function line({ host, position, event }: FleetEvent): string {
  return `${JSON.stringify({ host, since: formatFleetPosition(position), data: event })}\n`;
}
