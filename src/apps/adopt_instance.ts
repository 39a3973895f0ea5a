/**
 * Where one daemon ended, the next goes on: what a record of an instance means for the processes that are
 * there now.
 */
import { findSame, markerOf, type ProcessIdentity, type ProcessTable } from "../process/process_table.ts";
import { findTree, signalTree, type TreeQuery } from "../process/process_tree.ts";
import type { InstanceRecord } from "./journal/app_record.ts";
import { isLive, isUp } from "./state/app_state.ts";
import { type Life, UNBORN } from "./state/lifecycle.ts";

/**
 * The process of a record, when it lives. The daemon may have died in the moment of its start: then only its
 * mark is known.
 */
export function findRecorded(
  { process, nonce }: InstanceRecord,
  { table, markerPrefix }: { table: ProcessTable; markerPrefix: string },
): ProcessIdentity | undefined {
  if (process !== null) return findSame(table, process) === undefined ? undefined : process;
  if (nonce === null) return undefined;
  const own = table.all().find(({ pid, session }) =>
    pid === session && markerOf(table, pid) === `${markerPrefix}/${nonce}`
  );
  return own === undefined ? undefined : { pid: own.pid, startTime: own.startTime, bootId: table.bootId() };
}

/** A life goes on with its counts. A process that is found runs, whatever the record says about it. */
export function recordedLife(record: InstanceRecord, { runs }: { runs: boolean }): Life {
  const { state, attempts, restarts, restart_reason: restartReason } = record;
  return {
    ...UNBORN,
    attempts,
    restarts,
    restartReason: restartReason ?? undefined,
    state: runs && !isUp(state) ? "running" : state,
  };
}

/** The same, for the next daemon. */
export function lifeRecord(
  { state, restarts, attempts, restartReason }: Life,
): Pick<InstanceRecord, "state" | "restarts" | "attempts" | "restart_reason"> {
  return { state, restarts, attempts, restart_reason: restartReason ?? null };
}

/**
 * What becomes of an instance whose process has ended while no daemon looked. What the fleet had placed here
 * is not wanted: it may run elsewhere by now, and its lease decides.
 *
 * - `keep` the state of the record
 * - `stay` stopped
 * - `start` anew: the system was started anew
 * - `resume` a start that was on its way
 * - `ended`: as if its end had just been seen
 */
export function resumption(
  { process, state }: InstanceRecord,
  { wanted, bootId }: { wanted: boolean; bootId: string },
): { type: "keep" | "stay" } | { type: "resume" } | { type: "start"; reason?: string } | {
  type: "ended";
  pid: number;
} {
  if (!isLive(state) && state !== "backoff") return { type: "keep" };
  if (!wanted || state === "stopping") return { type: "stay" };
  if (process !== null && process.bootId !== bootId) {
    return { type: "start", reason: "the system was started anew" };
  }
  return state === "backoff" || process === null ? { type: "resume" } : { type: "ended", pid: process.pid };
}

/**
 * A daemon that died while it rotated a log may have left the writers stopped, or about to stop: a signal
 * that was sent stops a process only when that runs next, and until then it looks as if it went on. SIGCONT
 * takes the signal back.
 */
export function wakeTree(table: ProcessTable, query: TreeQuery): void {
  signalTree(table, findTree(table, query), "SIGCONT", query.leader);
}
