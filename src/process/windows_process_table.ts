/**
 * The process table of Windows, which has no groups and no signals. A process's group is here what came from
 * the same child of this daemon (or from a process whose parent has ended), and every signal that ends a
 * process ends it at once.
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { withProcess } from "../runtime/windows_process.ts";
import { listProcesses } from "../runtime/windows_process_list.ts";
import type { ProcessInfo, ProcessTable } from "./process_table.ts";

/** What Windows ends a process for; it has no others. */
const ENDING: ReadonlySet<string> = new Set(["SIGTERM", "SIGKILL", "SIGINT", "SIGQUIT", "SIGHUP"]);

export const windowsProcessTable: ProcessTable = {
  // Times of creation are dates: those of an earlier boot are none of this one's.
  bootId: () => "none",
  find(pid) {
    const info = look(pid);
    return info === undefined ? undefined : { ...info, group: groupOf(info, look) };
  },
  all() {
    const infos = new Map(
      listProcesses().flatMap((pid) => {
        const info = look(pid);
        return info === undefined ? [] : [[pid, info] as const];
      }),
    );
    const find = (pid: number) => infos.get(pid);
    return [...infos.values()].map((info) => ({
      ...info,
      parent: parentOf(info, find)?.pid ?? 0,
      group: groupOf(info, find),
    }));
  },
  variable: (pid, name) => withProcess(pid, (opened) => variableIn(opened.environment(), name)),
  isStopped: (pid) => (look(pid)?.state ?? "Z") === "Z",
  residentBytes: (pid) => withProcess(pid, (opened) => opened.residentBytes()),
  kill(pid, signal) {
    if (pid >= 0) return void kill(pid, signal);
    for (const member of this.all()) {
      if (member.group === -pid && member.state !== "Z") kill(member.pid, signal);
    }
  },
};

function kill(pid: number, signal: string | 0): void {
  if (signal !== 0 && !ENDING.has(signal)) {
    throw Object.assign(new Error(`Windows has no ${signal}`), { code: "ENOSYS" });
  }
  process.kill(pid, signal === 0 ? 0 : "SIGKILL");
}

function look(pid: number): ProcessInfo | undefined {
  return withProcess(pid, (opened) => {
    const times = opened.times();
    if (times === undefined) return undefined;
    return {
      pid,
      parent: opened.parent(),
      group: pid,
      session: 0,
      state: opened.hasEnded() ? "Z" : "R",
      // Of one length, so that they compare as the numbers do.
      startTime: times.created.toString().padStart(20, "0"),
      cpuSeconds: times.cpuSeconds,
    };
  });
}

/** The process that started it. A number may be another's by now: that one is younger than its "child". */
function parentOf(
  { parent, startTime }: ProcessInfo,
  find: (pid: number) => ProcessInfo | undefined,
): ProcessInfo | undefined {
  const found = find(parent);
  return found === undefined || found.startTime > startTime ? undefined : found;
}

/** The topmost process it comes from, below the one with the pid `top`. */
export function groupOf(
  info: ProcessInfo,
  find: (pid: number) => ProcessInfo | undefined,
  top: number = process.pid,
): number {
  const seen = new Set<number>();
  let current = info;
  while (!seen.has(current.pid)) {
    seen.add(current.pid);
    const parent = parentOf(current, find);
    if (parent === undefined || parent.pid === top || parent.state === "Z") return current.pid;
    current = parent;
  }
  return info.pid;
}

/** Reads a variable from a process's environment: UTF-16, each `NAME=value` ended by a NUL. */
export function variableIn(block: Uint8Array | undefined, name: string): string | undefined {
  if (block === undefined) return undefined;
  const prefix = `${name}=`;
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString("utf16le");
  return text.split("\0").find((entry) => entry.startsWith(prefix))?.slice(prefix.length);
}
