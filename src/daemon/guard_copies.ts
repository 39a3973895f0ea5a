/**
 * Ends copies of apps that the daemon should have ended: their lease was not confirmed for so long that
 * another host may soon have it. The daemon notes each confirmation in `fleet-copies.json`.
 */
import { CopiesFile, type KeptCopy } from "../fleet/apps/copies_file.ts";
import { elapsedMs, instantAt } from "../fleet/apps/elapsed.ts";
import { GIVE_UP, KILL } from "../fleet/apps/lease.ts";
import { pause, systemClock as clock } from "../process/clock.ts";
import { hostProcessTable } from "../process/host_process_table.ts";
import { fileStem } from "../process/process_key.ts";
import { stopTree } from "../process/stop_tree.ts";

export interface GuardOptions {
  stateDirectory: string;
  /** Aborts when the daemon has ended, however it did. */
  daemon: AbortSignal;
}

/** Milliseconds between looks at the most. */
const LOOK_MS = 1_000;

/** Resolves when the daemon has ended, and its copies have, or the daemon's next life looks after them. */
export async function guardCopies({ stateDirectory, daemon }: GuardOptions): Promise<void> {
  const table = hostProcessTable();
  const file = new CopiesFile(stateDirectory);
  let last: string | undefined;
  for (;;) {
    const hasDaemon = !daemon.aborted;
    const all = file.read().copies;
    const copies = all.filter(({ on_lost: onLost, boot }) => onLost === "stop" && boot === table.bootId());
    const text = JSON.stringify(all);
    // What changes after its end was written by its next life, which has a guard of its own.
    if (!hasDaemon && text !== (last ??= text)) return;
    const overdue = copies.filter(isOverdue);
    const areEnded = await Promise.all(overdue.map((copy) => end(copy)));
    if (!hasDaemon && overdue.length === copies.length && areEnded.every(Boolean)) return;
    await pause(clock, Math.min(LOOK_MS, ...copies.map(({ limit_ms: limitMs }) => limitMs / 16)));
  }

  /** @returns whether nothing of it is left */
  async function end({ root, name, limit_ms: limitMs }: KeptCopy): Promise<boolean> {
    const query = { leader: undefined, markerPrefix: fileStem({ root, name }), watched: false };
    const { left } = await stopTree({ table, clock }, query, {
      signal: "SIGTERM",
      timeoutMs: limitMs * KILL,
    });
    return left.length === 0;
  }
}

/** Whether the daemon has missed its own time to end it, and to kill what is left. */
function isOverdue({ uptime, limit_ms: limitMs }: KeptCopy): boolean {
  return elapsedMs(instantAt(uptime)) >= limitMs * (GIVE_UP + KILL);
}
