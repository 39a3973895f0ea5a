import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { FleetConnection } from "../../fleet/connect.ts";
import { Presence } from "../../fleet/presence.ts";
import type { HostSelector } from "./host_flag.ts";

/**
 * The names of the hosts that are meant: those named, or those that are there and match.
 *
 * @throws {HaftError} when there is none
 */
export async function hostsOf(
  { kind, names, labels }: HostSelector,
  { connection, fleet }: { connection: FleetConnection; fleet: string },
): Promise<string[]> {
  if (kind === "names") return [...names];
  const hosts = await present({ kind, names, labels }, { connection, fleet });
  if (hosts.length > 0) return hosts;
  throw new HaftError("No host that is there has these labels", {
    next: 'Run "haft fleet ls" for those that are there',
    exitCode: ExitCode.transport,
  });
}

/** Whether a host is there that is meant; one that is named may come later. */
export async function isOneThere(
  selector: Omit<HostSelector, "directory">,
  place: { connection: FleetConnection; fleet: string },
): Promise<boolean> {
  return (await present(selector, place)).length > 0;
}

/** The names of those that are there and match. */
async function present(
  { kind, names, labels }: Omit<HostSelector, "directory">,
  { connection, fleet }: { connection: FleetConnection; fleet: string },
): Promise<string[]> {
  const all = (await (await Presence.open(connection.nats, fleet)).list()).map(({ record }) => record);
  return all.filter((record) =>
    kind === "names"
      ? names.includes(record.host)
      : Object.entries(labels).every(([key, value]) => record.labels[key] === value)
  ).map(({ host }) => host);
}
