import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { sep } from "node:path";
import process from "node:process";
import { withProcess } from "../runtime/windows_process.ts";
import { listProcesses } from "../runtime/windows_process_list.ts";

export interface RunningProcess {
  pid: number;
  command: string;
}

/**
 * The processes that run a file of a directory, other than this one: their program is there, or an argument
 * names a file there, as a script's path does. Processes of other users cannot be looked into.
 *
 * @param directories absolute: the directory by every path that a process may know it by
 */
export function runningFrom(directories: readonly string[]): RunningProcess[] {
  const inside = directories.map((directory) => `${directory}${sep}`);
  const found = process.platform === "linux"
    ? linuxProcesses(inside)
    : process.platform === "win32"
    ? windowsProcesses(inside)
    : psProcesses(inside);
  return found.filter(({ pid }) => pid !== process.pid);
}

function linuxProcesses(prefixes: readonly string[]): RunningProcess[] {
  const inside = (path: string) => prefixes.some((prefix) => path.startsWith(prefix));
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
      const runs = inside(readlinkSync(`/proc/${pid}/exe`)) || words.some(inside);
      return runs ? [{ pid: Number(pid), command: words.join(" ") }] : [];
    } catch {
      // It has ended, or is another user's.
      return [];
    }
  });
}

/** By their programs: what a script's interpreter was told, Windows keeps to itself. */
function windowsProcesses(prefixes: readonly string[]): RunningProcess[] {
  const inside = prefixes.map((prefix) => prefix.toLowerCase());
  return listProcesses().flatMap((pid) => {
    const command = withProcess(pid, (opened) => opened.hasEnded() ? undefined : opened.executable());
    return command !== undefined && inside.some((prefix) => command.toLowerCase().startsWith(prefix))
      ? [{ pid, command }]
      : [];
  });
}

function psProcesses(prefixes: readonly string[]): RunningProcess[] {
  const { stdout } = spawnSync("ps", ["-ww", "-x", "-o", "pid=,command="], { encoding: "utf8" });
  return (stdout ?? "").split("\n").flatMap((line) => {
    const [, pid, command = ""] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid !== undefined && prefixes.some((prefix) => command.includes(prefix))
      ? [{ pid: Number(pid), command }]
      : [];
  });
}
