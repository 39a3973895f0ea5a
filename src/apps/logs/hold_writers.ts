import { type Clock, pause } from "../clock.ts";
import { type ProcessInfo, type ProcessTable, signalProcess } from "../process/process_table.ts";
import { findTree, signalTree, type TreeQuery, treeSize } from "../process/process_tree.ts";
import type { Writers } from "./rotate_log.ts";

/** Milliseconds that the processes get to be seen stopped: one that writes to a slow disk stops when that write is done. */
const STOP_LIMIT_MS = 500;

/** All processes of an app as {@link Writers}: SIGSTOP, until no thread of any runs, then SIGCONT. */
export function treeWriters(
  { table, clock }: { table: ProcessTable; clock: Clock },
  query: () => TreeQuery,
): Writers {
  let held: ProcessInfo[] = [];
  const release = () => {
    const bootId = table.bootId();
    for (const { pid, startTime } of held) signalProcess(table, { pid, startTime, bootId }, "SIGCONT");
    held = [];
  };
  return {
    release,
    async hold() {
      const deadline = clock.monotonic() + STOP_LIMIT_MS;
      const known = new Set<string>();
      for (;;) {
        const tree = findTree(table, query());
        const members = [...tree.group, ...tree.strays];
        // Those that somebody else had stopped stay so afterwards.
        for (const info of members) {
          const name = `${info.pid} ${info.startTime}`;
          if (!known.has(name) && info.state !== "T") held.push(info);
          known.add(name);
        }
        if (treeSize(tree) === 0) return true;
        signalTree(table, tree, "SIGSTOP", query().leader);
        while (!members.every(({ pid }) => table.isStopped(pid))) {
          if (clock.monotonic() > deadline) {
            release();
            return false;
          }
          await pause(clock, 1);
        }
        // A process that was forked between the look and the stop is found by another look.
        const now = findTree(table, query());
        if ([...now.group, ...now.strays].every(({ pid, startTime }) => known.has(`${pid} ${startTime}`))) {
          return true;
        }
      }
    },
  };
}
