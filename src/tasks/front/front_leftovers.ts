import process from "node:process";
import { hostProcessTable } from "../../process/host_process_table.ts";
import type { ProcessIdentity } from "../../process/process_table.ts";

/** A process of this machine, as it is now. */
export function identityOf(pid: number): ProcessIdentity {
  const table = hostProcessTable();
  return { pid, startTime: table.find(pid)?.startTime ?? "", bootId: table.bootId() };
}

/** Stops what is left of a command that led a group, unless its whole group has ended. */
export async function stopGroup(leader: ProcessIdentity, marker: string): Promise<void> {
  try {
    process.kill(-leader.pid, 0);
  } catch {
    return;
  }
  await stop(leader, marker);
}

/** Stops what is left of a command that was in haft's own group. */
export async function stopMarked(marker: string): Promise<void> {
  await stop(undefined, marker);
}

async function stop(leader: ProcessIdentity | undefined, marker: string): Promise<void> {
  const { stopLeftovers } = await import("../command_run.ts");
  await stopLeftovers(leader, marker);
}
