/**
 * Which processes belong to an app. Most are in its process group. Some leave it (`setsid`, daemons that fork
 * twice): they are known by the variable that all of an app's processes inherit, by their session, and by
 * whose children they are.
 */
import process from "node:process";
import { type Clock, pause } from "./clock.ts";
import {
  findSame,
  isDead,
  markerOf,
  OWNER_VARIABLE,
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
   * The value of {@link OWNER_VARIABLE} where another daemon may have processes with the same mark: an app of
   * the same project under another HAFT_HOME.
   */
  owner?: string;
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
  return new ProcessScan(table).tree(query);
}

/** Scans that were asked for and have not begun, by the table that they are of. */
const awaited = new WeakMap<ProcessTable, Promise<ProcessScan>>();

/**
 * As {@link findTree}, by a look at all processes that begins after this call. All who ask before it begins
 * share it: many apps that end together cost one look.
 */
export async function findTreeSoon(
  { table, clock }: { table: ProcessTable; clock: Clock },
  query: () => TreeQuery,
): Promise<ProcessTree> {
  let scan = awaited.get(table);
  if (scan === undefined) {
    scan = pause(clock, 0).then(() => {
      awaited.delete(table);
      return new ProcessScan(table);
    });
    awaited.set(table, scan);
  }
  return (await scan).tree(query());
}

/** All processes as one look found them, by what makes them an app's. */
class ProcessScan {
  readonly #table: ProcessTable;
  readonly #byGroup = new Map<number, ProcessInfo[]>();
  readonly #bySession = new Map<number, ProcessInfo[]>();
  readonly #byParent = new Map<number, ProcessInfo[]>();
  readonly #byMarker = new Map<string, ProcessInfo[]>();

  constructor(table: ProcessTable) {
    this.#table = table;
    for (const info of table.all()) {
      if (isDead(info) || info.pid === process.pid) continue;
      add(this.#byGroup, info.group, info);
      add(this.#bySession, info.session, info);
      add(this.#byParent, info.parent, info);
      for (const prefix of markerPrefixes(markerOf(table, info.pid))) add(this.#byMarker, prefix, info);
    }
  }

  tree({ leader, markerPrefix, owner, watched }: TreeQuery): ProcessTree {
    const table = this.#table;
    const named = leader !== undefined && leader.bootId === table.bootId() &&
      (findSame(table, leader) !== undefined ||
        (watched && table.find(leader.pid)?.startTime === undefined) ||
        isOwnZombie(table, leader));
    const lead = named ? leader.pid : undefined;
    const first = [
      ...lead === undefined ? [] : [...this.#byGroup.get(lead) ?? [], ...this.#bySession.get(lead) ?? []],
      ...(this.#byMarker.get(markerPrefix) ?? []).filter(({ pid }) => isOwners(table, pid, owner)),
    ];
    const all = this.#withDescendants(first);
    const inGroup = (info: ProcessInfo) => lead !== undefined && info.group === lead;
    return { group: all.filter(inGroup), strays: all.filter((info) => !inGroup(info)) };
  }

  /** A child of a member is one, too, though it may have cleared its environment. */
  #withDescendants(first: readonly ProcessInfo[]): ProcessInfo[] {
    const members = new Map(first.map((info) => [info.pid, info]));
    // What is added on the way is visited, too.
    for (const { pid } of members.values()) {
      for (const child of this.#byParent.get(pid) ?? []) {
        if (!members.has(child.pid)) members.set(child.pid, child);
      }
    }
    return [...members.values()].sort((a, b) => a.pid - b.pid);
  }
}

/** An older haft's processes do not say whose they are. */
function isOwners(table: ProcessTable, pid: number, owner: string | undefined): boolean {
  const said = owner === undefined ? undefined : table.variable(pid, OWNER_VARIABLE);
  return said === undefined || said === owner;
}

/** What a query may name of a mark: `<name>` of `<name>/0/<nonce>`, and `<file stem>/<instance>`. */
function markerPrefixes(marker: string | undefined): string[] {
  const [first, second, rest] = marker?.split("/", 3) ?? [];
  if (first === undefined || second === undefined) return [];
  return rest === undefined ? [first] : [first, `${first}/${second}`];
}

function add<Key>(map: Map<Key, ProcessInfo[]>, key: Key, info: ProcessInfo): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [info]);
  else known.push(info);
}

/** Its zombie still holds the number. */
function isOwnZombie(table: ProcessTable, leader: ProcessIdentity): boolean {
  const found = table.find(leader.pid);
  return found !== undefined && found.startTime === leader.startTime;
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
