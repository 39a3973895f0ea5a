import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Clock, pause } from "../process/clock.ts";
import { isDead, type ProcessIdentity, type ProcessTable } from "../process/process_table.ts";
import { findTree, type TreeQuery } from "../process/process_tree.ts";

/** Milliseconds that a program has from its end in front to its pid file, and between two looks. */
const WRITTEN_WITHIN_MS = 5_000;
const LOOK_MS = 50;

/**
 * The process that a program left behind when it put itself into the background. Only one of the app's own
 * tree counts: the file may be an old one, whose number is another process's by now.
 */
export async function forkedProcess(
  { table, clock }: { table: ProcessTable; clock: Clock },
  { file, cwd, tree }: { file: string; cwd: string; tree: TreeQuery },
): Promise<ProcessIdentity | undefined> {
  const begun = clock.monotonic();
  for (;;) {
    const { group, strays } = findTree(table, tree);
    const own = [...group, ...strays];
    const pid = pidIn(resolve(cwd, file));
    const found = own.find((info) => info.pid === pid);
    if (found !== undefined && !isDead(found)) {
      return { pid: found.pid, startTime: found.startTime, bootId: table.bootId() };
    }
    if (own.length === 0 || clock.monotonic() - begun > WRITTEN_WITHIN_MS) return undefined;
    await pause(clock, LOOK_MS);
  }
}

function pidIn(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8").trim().split(/\s/)[0]);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
