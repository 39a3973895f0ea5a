import { DaemonClient } from "../client/daemon_client.ts";
import type { FleetConnection } from "./connect.ts";
import { FleetChannel } from "./fleet_channel.ts";
import type { FleetAddress } from "./subjects.ts";

/** A client of another host's daemon. Closing it leaves the connection to the server open. */
export async function connectHost(
  connection: FleetConnection,
  { address, ...introduction }: {
    address: FleetAddress;
    client: string;
    version: string;
    timeoutMs: number;
    signal?: AbortSignal | undefined;
  },
): Promise<DaemonClient> {
  return await DaemonClient.over(new FleetChannel(connection, address), introduction);
}
