import { type Clock, pause } from "../../process/clock.ts";
import { type ProcessInfo, type ProcessTable, signalProcess } from "../../process/process_table.ts";
import { findTree, signalTree, type TreeQuery, treeSize } from "../../process/process_tree.ts";
import type { Writers } from "./rotate_log.ts";

/**
 * Milliseconds that the processes get to be seen stopped, by attempt. One that writes to a slow disk stops
 * when that write is done. One that waits in vfork for a child, which was stopped before its exec, would
 * never: both must go on for a moment. An app that starts processes all the time is met in its vfork often:
 * it is the number of attempts that counts, each limit twice.
 */
const STOP_LIMITS_MS = [20, 20, 50, 50, 100, 100, 200, 200, 400, 400];

/** All processes of an app as {@link Writers}: SIGSTOP, until no thread of any runs, then SIGCONT. */
export function treeWriters(
  { table, clock }: { table: ProcessTable; clock: Clock },
  query: () => TreeQuery,
): Writers {
  /** Those that were stopped already: they stay so afterwards. */
  let foreign: Set<string> | undefined;
  const members = () => {
    const { group, strays } = findTree(table, query());
    return [...group, ...strays];
  };
  const release = () => {
    if (foreign === undefined) return;
    const bootId = table.bootId();
    // All that are there now: one that was forked just before its group was stopped may have been seen by no
    // look.
    for (const info of members()) {
      if (foreign.has(nameOf(info))) continue;
      signalProcess(table, { pid: info.pid, startTime: info.startTime, bootId }, "SIGCONT");
    }
    foreign = undefined;
  };
  return {
    release,
    async hold() {
      for (const limit of STOP_LIMITS_MS) {
        if (await tryHold(limit)) return true;
        release();
        await pause(clock, 2);
      }
      return false;
    },
  };
  async function tryHold(limit: number): Promise<boolean> {
    const deadline = clock.monotonic() + limit;
    foreign = new Set(members().filter(({ state }) => state === "T").map(nameOf));
    for (;;) {
      const tree = findTree(table, query());
      const seen = [...tree.group, ...tree.strays];
      const known = new Set(seen.map(nameOf));
      if (treeSize(tree) === 0) return true;
      signalTree(table, tree, "SIGSTOP", query().leader);
      while (!seen.every(({ pid }) => table.isStopped(pid))) {
        if (clock.monotonic() > deadline) return false;
        await pause(clock, 1);
      }
      // A process that was forked between the look and the stop is found by another look.
      if (members().every((info) => known.has(nameOf(info)))) return true;
    }
  }
}

function nameOf({ pid, startTime }: ProcessInfo): string {
  return `${pid} ${startTime}`;
}
