import { foreignPortOwner } from "../../process/port_owner.ts";
import type { ProcessTable } from "../../process/process_table.ts";
import type { TreeQuery } from "../../process/process_tree.ts";
import type { FilledHealth } from "./fill_targets.ts";
import type { ProbeResult } from "./probes.ts";

const LOCAL: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "0.0.0.0", "::1", "::"]);

/** A check that passed is a failure after all when a process that is not the app's answered it. */
export function foreignAnswer(
  health: FilledHealth,
  { table, tree }: { table: ProcessTable; tree: TreeQuery },
): ProbeResult {
  const port = localPort(health);
  if (port === undefined) return undefined;
  try {
    const owner = foreignPortOwner(table, { port, tree });
    return owner === undefined
      ? undefined
      : `port ${port} is in use by process ${owner.pid} (${owner.name}), which is not this app's`;
  } catch {
    // Without a descriptor left, the owner cannot be looked up.
    return undefined;
  }
}

/** The port of this machine that a check asks. */
function localPort({ http, tcp }: FilledHealth): number | undefined {
  if (tcp !== undefined) return LOCAL.has(tcp.host) ? tcp.port : undefined;
  const url = http === undefined ? undefined : URL.parse(http.url);
  if (url === null || url === undefined || !LOCAL.has(url.hostname.replace(/^\[(.*)\]$/, "$1"))) {
    return undefined;
  }
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}
