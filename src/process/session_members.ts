import type { ProcessInfo } from "./process_table.ts";

/** What it looks at: /proc, or a test's. */
export interface ProcessFiles {
  pids(): number[];
  /** Of the process's directory: another process of the same pid has another one. */
  inode(pid: number): number | undefined;
  find(pid: number): ProcessInfo | undefined;
}

interface Known {
  inode: number;
  session: number;
}

/**
 * Finds the processes of sessions without a look at all others. A process never comes to a session that there
 * was before it left its own: one that was in another session, and is still the same, is passed over. To see
 * that it is the same costs a fifth of the look.
 */
export class SessionMembers {
  readonly #files: ProcessFiles;
  #known = new Map<number, Known>();

  constructor(files: ProcessFiles) {
    this.#files = files;
  }

  /**
   * The processes of the leaders' sessions, which their groups are a part of, and perhaps others.
   *
   * @param leaders pids of processes that lead a group or a session
   */
  near(leaders: ReadonlySet<number>): ProcessInfo[] {
    const found: ProcessInfo[] = [];
    const sessions = new Set<number>();
    let isCertain = true;
    for (const pid of leaders) {
      const leader = this.#files.find(pid);
      // Which session its group is in is not known any more, not even while the system takes it out: -1.
      if (leader === undefined || leader.session < 0) isCertain = false;
      else {
        found.push(leader);
        sessions.add(leader.session);
      }
    }
    const still = new Map<number, Known>();
    for (const pid of this.#files.pids()) {
      const known = this.#known.get(pid);
      if (leaders.has(pid)) {
        if (known !== undefined) still.set(pid, known);
        continue;
      }
      // Before the look: a process that takes the pid meanwhile is not taken for this one.
      const inode = this.#files.inode(pid);
      if (isCertain && known !== undefined && known.inode === inode && !sessions.has(known.session)) {
        still.set(pid, known);
        continue;
      }
      const info = this.#files.find(pid);
      if (info === undefined) continue;
      found.push(info);
      if (inode !== undefined) still.set(pid, { inode, session: info.session });
    }
    this.#known = still;
    return found;
  }
}
