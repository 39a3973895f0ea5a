import { isDead, type ProcessIdentity, type ProcessInfo, type ProcessTable } from "./process_table.ts";

/**
 * The processes of each leader's group and session. This costs no look at each process's environment; those
 * that left both are in no list. A leader whose pid is another process's by now has none.
 */
export function groupMembers(
  table: ProcessTable,
  leaders: readonly ProcessIdentity[],
): Map<ProcessIdentity, ProcessInfo[]> {
  const byPid = new Map<number, ProcessInfo>();
  const members = new Map<number, ProcessInfo[]>();
  const add = (lead: number, info: ProcessInfo) => {
    const found = members.get(lead);
    if (found === undefined) members.set(lead, [info]);
    else found.push(info);
  };
  const pids = new Set(leaders.map(({ pid }) => pid));
  for (const info of table.near?.(pids) ?? table.all()) {
    if (isDead(info)) continue;
    byPid.set(info.pid, info);
    add(info.group, info);
    if (info.session !== info.group) add(info.session, info);
  }
  return new Map(leaders.flatMap((leader): [ProcessIdentity, ProcessInfo[]][] => {
    const now = byPid.get(leader.pid);
    const isAnother = now !== undefined && now.startTime !== leader.startTime;
    return isAnother ? [] : [[leader, members.get(leader.pid) ?? []]];
  }));
}
