import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { errorCode } from "../base/errors.ts";
import { findSame, markerOf, type ProcessInfo, type ProcessTable } from "./process_table.ts";
import type { TreeQuery } from "./process_tree.ts";

export interface PortOwner {
  pid: number;
  /** As the system calls it: `node`. */
  name: string;
}

/** The state of a socket that listens, as /proc/net/tcp writes it. */
const LISTENING = "0A";

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
  const sockets = listeningSockets(port);
  if (sockets.size === 0) return undefined;
  const isOwn = ({ pid, group, session }: ProcessInfo) =>
    group === leader.pid || session === leader.pid ||
    markerOf(table, pid)?.startsWith(`${markerPrefix}/`) === true;
  const owners = table.all().filter(({ pid }) => holdsSocket(pid, sockets));
  if (owners.length === 0 || owners.some(isOwn)) return undefined;
  const [owner] = owners;
  if (owner === undefined || Number(owner.startTime) >= Number(leader.startTime)) return undefined;
  return { pid: owner.pid, name: nameOf(owner.pid) };
}

/** The inodes of the sockets that listen on a port, by IPv4 or IPv6. */
function listeningSockets(port: number): Set<string> {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const path of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readOr(path, "").split("\n").slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTENING && local?.endsWith(`:${wanted}`) === true && inode !== undefined) {
        inodes.add(inode);
      }
    }
  }
  return inodes;
}

function holdsSocket(pid: number, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((name) => {
      const [, inode = ""] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${name}`)) ?? [];
      return inodes.has(inode);
    });
  } catch (error) {
    // It has ended, or is another user's.
    if (["ENOENT", "EACCES", "EPERM", "ESRCH"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function nameOf(pid: number): string {
  return readOr(`/proc/${pid}/comm`, "?").trim();
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}
