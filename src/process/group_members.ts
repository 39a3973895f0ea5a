import type { ProcessIdentity, ProcessInfo } from "./process_table.ts";

/**
 * The processes of each leader's group and session. This costs no look at each process's environment; those
 * that left both are in no list. A leader whose pid is another process's by now has none.
 */
export function groupMembers(
  leaders: readonly ProcessIdentity[],
  all: readonly ProcessInfo[],
): Map<ProcessIdentity, ProcessInfo[]> {
  const byPid = new Map(all.map((info) => [info.pid, info]));
  const members = new Map<number, ProcessInfo[]>();
  for (const info of all) {
    for (const lead of new Set([info.group, info.session])) {
      const found = members.get(lead);
      if (found === undefined) members.set(lead, [info]);
      else found.push(info);
    }
  }
  return new Map(leaders.flatMap((leader): [ProcessIdentity, ProcessInfo[]][] => {
    const now = byPid.get(leader.pid);
    const isAnother = now !== undefined && now.startTime !== leader.startTime;
    return isAnother ? [] : [[leader, members.get(leader.pid) ?? []]];
  }));
}
