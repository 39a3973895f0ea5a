import { type Clock, pause } from "./clock.ts";
import { findSame, isDead, type ProcessTable, signalProcess } from "./process_table.ts";
import { findTreeSoon, type ProcessTree, signalTree, type TreeQuery, treeSize } from "./process_tree.ts";

export interface StopOptions {
  /** The first signal, to the group; undefined when it has been told to end otherwise. */
  signal: string | undefined;
  /** Milliseconds until SIGKILL. */
  timeoutMs: number;
}

/** Milliseconds between looks: the first, and the longest. */
const LOOK = { first: 2, longest: 50 };

/**
 * Milliseconds that processes outside of the group get once the group has ended. They got its signal, too,
 * but a process that leaves a group means to outlive it.
 */
const STRAY_GRACE_MS = 1_000;

/** After SIGKILL, a process that is still there hangs in the kernel: nothing that we do would end it. */
const KILL_WAIT_MS = 10_000;

/**
 * Stops all processes of an app: the signal, the wait, SIGKILL.
 *
 * @param options read again at each look, so that a stop can be made shorter while it waits
 * @returns the pids of processes that had left the group, and of those that even SIGKILL did not end
 */
export async function stopTree(
  { table, clock }: { table: ProcessTable; clock: Clock },
  query: TreeQuery,
  options: StopOptions,
): Promise<{ strays: number[]; left: number[] }> {
  const begun = clock.monotonic();
  const strays = new Set<number>();
  const look = async () => {
    const found = await findTreeSoon({ table, clock }, () => query);
    for (const { pid } of found.strays) strays.add(pid);
    return found;
  };
  let tree = await look();
  if (treeSize(tree) === 0) return { strays: [], left: [] };
  if (options.signal !== undefined) signalTree(table, tree, options.signal, query.leader);
  // A process that was stopped (SIGSTOP) sees no signal until it goes on.
  wakeStopped(table, tree);
  let groupEnded: number | undefined;
  let killed: number | undefined;
  for (let wait: number = LOOK.first;; wait = Math.min(wait * 1.5, LOOK.longest)) {
    await pause(clock, wait);
    if (killed === undefined && groupRuns(table, tree)) {
      if (clock.monotonic() - begun < options.timeoutMs) continue;
    }
    tree = await look();
    if (treeSize(tree) === 0) return { strays: [...strays], left: [] };
    const now = clock.monotonic();
    if (tree.group.length === 0) groupEnded ??= now;
    const overdue = now - begun >= options.timeoutMs ||
      (groupEnded !== undefined && now - groupEnded >= STRAY_GRACE_MS);
    if (overdue) {
      killed ??= now;
      signalTree(table, tree, "SIGKILL", query.leader);
      if (now - killed >= KILL_WAIT_MS) {
        return { strays: [...strays], left: [...tree.group, ...tree.strays].map(({ pid }) => pid) };
      }
    }
  }
}

/** Whether one of the group's processes that were found still runs: cheaper than to read the whole table. */
function groupRuns(table: ProcessTable, { group }: ProcessTree): boolean {
  return group.some(({ pid, startTime }) => {
    const found = table.find(pid);
    return found !== undefined && found.startTime === startTime && !isDead(found);
  });
}

function wakeStopped(table: ProcessTable, { group, strays }: ProcessTree): void {
  const bootId = table.bootId();
  for (const { pid, startTime, state } of [...group, ...strays]) {
    if (state !== "T") continue;
    const identity = { pid, startTime, bootId };
    if (findSame(table, identity) !== undefined) signalProcess(table, identity, "SIGCONT");
  }
}
