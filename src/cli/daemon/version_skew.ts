import { compare, parse } from "@std/semver";
import process from "node:process";
import { buildId } from "../../base/build_id.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";

export type Skew =
  | { kind: "none" }
  /** Older than this haft, and without other clients: it may be replaced. */
  | { kind: "idle"; daemon: string }
  | { kind: "busy"; daemon: string; with: string };

/** Whether the daemon is older than this haft. A newer one, or another installation's, counts as fitting. */
export async function versionSkew(daemon: DaemonClient, version: string): Promise<Skew> {
  const { ack } = daemon;
  if (ack.version === version && ack.build === buildId()) return { kind: "none" };
  const order = compare(parse(ack.version), parse(version));
  if (order > 0) return { kind: "none" };
  const status = await daemon.request("daemon.status", {});
  // The same version in another place is another installation, not an older one.
  if (order === 0 && status.executable !== process.execPath) return { kind: "none" };
  const name = `${status.version} (${status.build})`;
  // This connection and this request are among them.
  const clients = status.clients - 1;
  const requests = status.requests_in_flight;
  if (clients <= 0 && requests <= 0) return { kind: "idle", daemon: name };
  return { kind: "busy", daemon: name, with: clients === 1 ? "1 client" : `${clients} clients` };
}
