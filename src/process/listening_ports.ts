import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { errorCode } from "../base/errors.ts";
import { groupMembers } from "./group_members.ts";
import type { ProcessIdentity, ProcessTable } from "./process_table.ts";

/** The state of a socket that listens, as /proc/net/tcp writes it. */
const LISTENING = "0A";

/**
 * The TCP ports that the processes of each leader listen on, in ascending order.
 *
 * @returns undefined where the system does not say
 */
export function listeningPorts(
  table: ProcessTable,
  leaders: readonly ProcessIdentity[],
): Map<ProcessIdentity, number[]> | undefined {
  if (process.platform !== "linux") return undefined;
  const sockets = leaders.length === 0 ? new Map<string, number>() : listeningSockets();
  const members = sockets.size === 0 ? undefined : groupMembers(table, leaders);
  return new Map(leaders.map((leader) => {
    const ports = (members?.get(leader) ?? []).flatMap(({ pid }) =>
      socketsOf(pid).flatMap((inode) => sockets.get(inode) ?? [])
    );
    return [leader, [...new Set(ports)].sort((one, other) => one - other)];
  }));
}

/** The ports of all sockets that listen, IPv4 and IPv6, by inode. */
export function listeningSockets(): Map<string, number> {
  const ports = new Map<string, number>();
  for (const path of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readOr(path, "").split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state !== LISTENING || inode === undefined) continue;
      ports.set(inode, Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16));
    }
  }
  return ports;
}

/** The inodes of the sockets that a process has open; none when it has ended, or is another user's. */
export function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((name) =>
      /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${name}`))?.[1] ?? []
    );
  } catch (error) {
    if (["ENOENT", "EACCES", "EPERM", "ESRCH"].includes(errorCode(error) ?? "")) return [];
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

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}
