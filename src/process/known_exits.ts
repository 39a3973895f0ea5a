/**
 * How processes ended that no code of this program waits for. A daemon that takes the place of another one in
 * the same process has that one's children, and learns how they end; what the other one saw while it was
 * leaving is handed over.
 */
import { runtime } from "../runtime/mod.ts";
import type { Exit } from "./exit.ts";
import type { ProcessIdentity, ProcessTable } from "./process_table.ts";

/** So many ends are kept, the newest ones: those of a moment in which a daemon is replaced. */
const MOST = 1_000;

/** Milliseconds between looks at children whose end the system does not tell, so that none stays a zombie. */
const LOOK_MS = 1_000;

const ends = new Map<string, Exit>();
const children = new Map<number, ProcessIdentity>();

/** One of this process's children has ended. */
export function noteExit(identity: ProcessIdentity, exit: Exit): void {
  ends.set(keyOf(identity), exit);
  for (const oldest of ends.keys()) {
    if (ends.size <= MOST) break;
    ends.delete(oldest);
  }
}

/** What the next program in this process's place needs for {@link takeOverExits}. */
export function exitsToHandOver(): [string, Exit][] {
  return [...ends];
}

/** Call it before the first process is started: the children that are there are another program's. */
export function takeOverExits(known: Iterable<[string, Exit]>, table: ProcessTable, pid: number): void {
  for (const [key, exit] of known) ends.set(key, exit);
  let isLookedAt = false;
  for (const child of table.all()) {
    if (child.parent !== pid) continue;
    const identity = { pid: child.pid, startTime: child.startTime, bootId: table.bootId() };
    children.set(child.pid, identity);
    const notice = runtime.watchProcess?.(child.pid, () => {
      // Of a pid that is used again, another watcher learns the end.
      if (children.get(child.pid) === identity) reap(identity);
    });
    if (notice === undefined) isLookedAt = true;
  }
  if (!isLookedAt) return;
  const timer = setInterval(() => {
    for (const child of [...children.values()]) reap(child);
    if (children.size === 0) clearInterval(timer);
  }, LOOK_MS);
  timer.unref();
}

/** How the process ended; undefined while it runs, and where no parent in this process's place learns it. */
export function exitOf(identity: ProcessIdentity): Exit | undefined {
  const child = children.get(identity.pid);
  if (child !== undefined && child.startTime === identity.startTime) reap(child);
  return ends.get(keyOf(identity));
}

function reap(child: ProcessIdentity): void {
  const exit = runtime.succession?.reap(child.pid);
  if (exit === undefined) return;
  children.delete(child.pid);
  noteExit(child, exit);
}

function keyOf({ pid, startTime, bootId }: ProcessIdentity): string {
  return `${pid} ${startTime} ${bootId}`;
}
