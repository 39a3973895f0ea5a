import { readFileSync } from "node:fs";
import process from "node:process";
import { listeningSockets, socketsOf } from "./listening_ports.ts";
import { findSame, markerOf, type ProcessInfo, type ProcessTable } from "./process_table.ts";
import type { TreeQuery } from "./process_tree.ts";

export interface PortOwner {
  pid: number;
  /** As the system calls it: `node`. */
  name: string;
}

/**
 * The process that answers on a local port in place of an app: it listens there, is none of the app's, and
 * was there before the app was started. A younger one may work for the app in a way that does not show, such
 * as a container's proxy.
 *
 * @returns undefined where none is found, or the system does not say
 */
export function foreignPortOwner(
  table: ProcessTable,
  { port, tree: { leader, markerPrefix } }: { port: number; tree: TreeQuery },
): PortOwner | undefined {
  if (process.platform !== "linux" || leader === undefined || findSame(table, leader) === undefined) {
    return undefined;
  }
  const sockets = listeningSockets();
  if (![...sockets.values()].includes(port)) return undefined;
  const isOwn = ({ pid, group, session }: ProcessInfo) =>
    group === leader.pid || session === leader.pid ||
    markerOf(table, pid)?.startsWith(`${markerPrefix}/`) === true;
  const owners = table.all().filter(({ pid }) => socketsOf(pid).some((inode) => sockets.get(inode) === port));
  if (owners.length === 0 || owners.some(isOwn)) return undefined;
  const [owner] = owners;
  if (owner === undefined || Number(owner.startTime) >= Number(leader.startTime)) return undefined;
  return { pid: owner.pid, name: nameOf(owner.pid) };
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "?";
  }
}
