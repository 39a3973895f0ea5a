/**
 * Which processes belong to an app. Most are in its process group. Some leave it (`setsid`, daemons that fork
 * twice): they are known by the variable that all of an app's processes inherit, by their session, and by
 * whose children they are.
 */
import process from "node:process";
import {
  findSame,
  isDead,
  markerOf,
  type ProcessIdentity,
  type ProcessInfo,
  type ProcessTable,
  signalGroup,
  signalProcess,
} from "./process_table.ts";

export interface TreeQuery {
  /** The process that was started; undefined when it is not known any more. */
  leader: ProcessIdentity | undefined;
  /** The value of the marking variable without its nonce: `<file stem>/<instance>`. */
  markerPrefix: string;
  /**
   * Whether the leader was watched all the time. Only then is its pid, once it has gone, still the name of
   * its group: a number that was not watched may belong to another group by now.
   */
  watched: boolean;
}

export interface ProcessTree {
  /** In the leader's group. */
  group: ProcessInfo[];
  /** The app's, but not in its group. */
  strays: ProcessInfo[];
}

export function findTree(table: ProcessTable, query: TreeQuery): ProcessTree {
  const { leader, markerPrefix } = query;
  const alive = table.all().filter((info) => !isDead(info) && info.pid !== process.pid);
  const named = leader !== undefined && leader.bootId === table.bootId() &&
    (findSame(table, leader) !== undefined ||
      (query.watched && table.find(leader.pid)?.startTime === undefined) ||
      isOwnZombie(table, leader));
  const members = new Map<number, ProcessInfo>();
  for (const info of alive) {
    const inGroup = named && (info.group === leader.pid || info.session === leader.pid);
    if (inGroup || markerOf(table, info.pid)?.startsWith(`${markerPrefix}/`) === true) {
      members.set(info.pid, info);
    }
  }
  addDescendants(members, alive);
  const all = [...members.values()];
  const inGroup = (info: ProcessInfo) => named && info.group === leader.pid;
  return { group: all.filter(inGroup), strays: all.filter((info) => !inGroup(info)) };
}

/** Its zombie still holds the number. */
function isOwnZombie(table: ProcessTable, leader: ProcessIdentity): boolean {
  const found = table.find(leader.pid);
  return found !== undefined && found.startTime === leader.startTime;
}

/** A child of a member is one, too, though it may have cleared its environment. */
function addDescendants(members: Map<number, ProcessInfo>, alive: readonly ProcessInfo[]): void {
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const info of alive) if (members.has(info.parent)) members.set(info.pid, info);
  }
}

/** Signals all of a tree, each process only when it is still the one that was found. */
export function signalTree(
  table: ProcessTable,
  tree: ProcessTree,
  signal: string,
  leader: ProcessIdentity | undefined,
): void {
  // The whole group in one call, where that is safe: a process that is just forking is not missed.
  const whole = leader !== undefined && signalGroup(table, leader, signal);
  const bootId = table.bootId();
  for (const { pid, startTime } of whole ? tree.strays : [...tree.group, ...tree.strays]) {
    signalProcess(table, { pid, startTime, bootId }, signal);
  }
}

export function treeSize({ group, strays }: ProcessTree): number {
  return group.length + strays.length;
}
