/** One process as the system's table has it. */
export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  session: number;
  /** One letter, as `ps` shows it: R, S, D, T (stopped), Z (a zombie)… */
  state: string;
  /**
   * When it was started, in a form that only compares equal with itself: two processes of one pid differ in
   * it.
   */
  startTime: string;
  /** Processor time so far, in seconds. */
  cpuSeconds: number;
  /** Where the table has it beside the rest; else {@link ProcessTable.residentBytes} looks. */
  residentBytes?: number;
}

/** The seam to the system's processes. Everything that signals goes through {@link signalProcess}. */
export interface ProcessTable {
  /** Names this run of the system: pids and start times of another mean nothing. */
  bootId(): string;
  /** Undefined when there is none. */
  find(pid: number): ProcessInfo | undefined;
  all(): ProcessInfo[];
  /**
   * The processes of the leaders' groups and sessions, and perhaps others: where a look at all costs more.
   *
   * @param leaders pids
   */
  near?(leaders: ReadonlySet<number>): ProcessInfo[];
  /** A variable of the environment that the process was started with. */
  variable(pid: number, name: string): string | undefined;
  /** Whether all threads are stopped, or it is gone. */
  isStopped(pid: number): boolean;
  residentBytes(pid: number): number | undefined;
  /** @param pid below zero for a whole group @throws with `code` ESRCH or EPERM */
  kill(pid: number, signal: string | 0): void;
}

/** The variable that every process of an app inherits: `<file stem>/<instance>/<nonce of the start>`. */
export const MARKER_VARIABLE = "HAFT_APP_ID";

/** The variable that says which daemon's the process is: the directory of that daemon's journal of apps. */
export const OWNER_VARIABLE = "HAFT_APP_JOURNAL";

/** The mark of a process of an app. */
export function markerOf(table: ProcessTable, pid: number): string | undefined {
  return table.variable(pid, MARKER_VARIABLE);
}

/** A process for certain: pids are used again, and start times are counted from the boot. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
  bootId: string;
}

/** The process as it is now, unless the pid is another's by now, or only its zombie is left. */
export function findSame(table: ProcessTable, identity: ProcessIdentity): ProcessInfo | undefined {
  if (identity.startTime === "" || identity.bootId !== table.bootId()) return undefined;
  const found = table.find(identity.pid);
  return found !== undefined && found.startTime === identity.startTime && !isDead(found) ? found : undefined;
}

/** A zombie, or a process that is just being taken out of the table. */
export function isDead({ state }: ProcessInfo): boolean {
  return state === "Z" || state === "X" || state === "x";
}

/** Signals a process when it is still the same. @returns false when it is not, or has just ended */
export function signalProcess(table: ProcessTable, identity: ProcessIdentity, signal: string): boolean {
  return findSame(table, identity) !== undefined && tryKill(table, identity.pid, signal);
}

/** Signals the process's group, when the process is still the same and leads it. */
export function signalGroup(table: ProcessTable, leader: ProcessIdentity, signal: string): boolean {
  const found = findSame(table, leader);
  return found !== undefined && found.group === leader.pid && tryKill(table, -leader.pid, signal);
}

function tryKill(table: ProcessTable, pid: number, signal: string): boolean {
  try {
    table.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
