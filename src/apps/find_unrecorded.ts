/**
 * Apps that run although no record of them is left: the journal was damaged or removed. Their environment
 * says which app they are and which daemon's state directory they belong to.
 */
import { fileStem, type ProcessKey } from "../process/process_key.ts";
import {
  isDead,
  markerOf,
  OWNER_VARIABLE,
  type ProcessInfo,
  type ProcessTable,
} from "../process/process_table.ts";
import type { AppRecord, InstanceRecord } from "./journal/app_record.ts";

/** Variables of each process of an app that say what it is. */
export const APP_VARIABLES = {
  name: "HAFT_APP_NAME",
  instance: "HAFT_APP_INSTANCE",
  /** The project's directory. */
  root: "HAFT_APP_ROOT",
  /** The directory of the journal that knows the app. */
  journal: OWNER_VARIABLE,
} as const;

export interface UnrecordedApp {
  key: ProcessKey;
  instances: InstanceRecord[];
}

interface Leader {
  key: ProcessKey;
  instance: number;
  nonce: string;
  info: ProcessInfo;
}

/** @param known the apps that have a record */
export function findUnrecorded(
  table: ProcessTable,
  { journal, known }: { journal: string; known: readonly Pick<AppRecord, "root" | "name">[] },
): UnrecordedApp[] {
  const knownStems = new Set(known.map(fileStem));
  const leaders = new Map<string, Leader>();
  for (const info of table.all().filter((one) => one.pid === one.session && !isDead(one))) {
    const leader = leaderOf(table, info, journal);
    if (leader === undefined || knownStems.has(fileStem(leader.key))) continue;
    const name = `${fileStem(leader.key)}/${leader.instance}`;
    // What an app has put into a session of its own carries the mark, too, and is younger.
    const other = leaders.get(name);
    if (other === undefined || isOlder(info, other.info)) leaders.set(name, leader);
  }
  const byApp = Map.groupBy(leaders.values(), ({ key }) => fileStem(key));
  return [...byApp.values()].flatMap((its) => {
    const [first] = its;
    return first === undefined ? [] : {
      key: first.key,
      instances: its.sort((a, b) => a.instance - b.instance).map((one) => recordOf(one, table.bootId())),
    };
  });
}

function leaderOf(table: ProcessTable, info: ProcessInfo, journal: string): Leader | undefined {
  const [, stem, instance, nonce] = /^(.+)\/(\d+)\/([0-9a-f]+)$/.exec(markerOf(table, info.pid) ?? "") ?? [];
  if (nonce === undefined || table.variable(info.pid, APP_VARIABLES.journal) !== journal) return undefined;
  const name = table.variable(info.pid, APP_VARIABLES.name);
  const root = table.variable(info.pid, APP_VARIABLES.root);
  if (name === undefined || root === undefined || fileStem({ root, name }) !== stem) return undefined;
  return { key: { root, name }, instance: Number(instance), nonce, info };
}

function isOlder(one: ProcessInfo, other: ProcessInfo): boolean {
  const difference = Number(one.startTime) - Number(other.startTime);
  return Number.isNaN(difference) || difference === 0 ? one.pid < other.pid : difference < 0;
}

function recordOf({ instance, nonce, info }: Leader, bootId: string): InstanceRecord {
  return {
    instance,
    state: "running",
    nonce,
    process: { pid: info.pid, startTime: info.startTime, bootId },
    started_at: null,
    restarts: 0,
    attempts: 0,
    restart_reason: null,
    exit: null,
    log_files: { stdout: [], stderr: [] },
    port: null,
  };
}

/** A record for an app that has none. @param table the app as its manifest has it now, where it does */
export function newRecord({ key, instances }: UnrecordedApp, table: unknown): AppRecord {
  return {
    version: 1,
    ...key,
    adhoc: false,
    table: table ?? null,
    desired: "running",
    env: {},
    changed: [],
    instances,
  };
}
