import process from "node:process";
import type { ProcessInfo, ProcessTable } from "./process_table.ts";

/**
 * The process table where there is no /proc (macOS, the BSDs): by `ps`, which costs some milliseconds a call.
 * It knows no boot id; that a start time is of an earlier boot shows in the time itself, which here is a date
 * to the second.
 */
export const psProcessTable: ProcessTable = {
  bootId: () => "none",
  find: (pid) => list(["-p", `${pid}`])[0],
  all: () => list(["-A"]),
  variable(pid, name) {
    const command = ps(["-E", "-ww", "-o", "command=", "-p", `${pid}`]);
    return new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(command)?.[1];
  },
  isStopped: (pid) => list(["-p", `${pid}`]).every(({ state }) => "TZ".includes(state)),
  residentBytes(pid) {
    const kilobytes = Number.parseInt(ps(["-o", "rss=", "-p", `${pid}`]), 10);
    return Number.isNaN(kilobytes) ? undefined : kilobytes * 1024;
  },
  kill: (pid, signal) => void process.kill(pid, signal),
};

function list(which: string[]): ProcessInfo[] {
  const lines = ps([...which, "-o", "pid=,ppid=,pgid=,sess=,state=,time=,lstart="], { LC_ALL: "C" });
  return lines.split("\n").flatMap((line) => parsePsLine(line) ?? []);
}

/** node:child_process is loaded where `ps` is needed alone. */
function ps(args: string[], env: Record<string, string> = {}): string {
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const options = { encoding: "utf8", env: { ...process.env, ...env } } as const;
  return spawnSync("ps", args, options).stdout ?? "";
}

/** Reads a line of `pid ppid pgid sess state time lstart`. */
export function parsePsLine(line: string): ProcessInfo | undefined {
  const [, pid, parent, group, session, state, time, startTime] =
    /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\w+)\s+(\S+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
  if (pid === undefined || startTime === undefined) return undefined;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    // macOS shows an address; a session is then known by its leader's group alone.
    session: /^\d+$/.test(session ?? "") ? Number(session) : 0,
    state: (state ?? "?").charAt(0),
    startTime,
    cpuSeconds: (time ?? "").split(/[:-]/).reduce((sum, part) => sum * 60 + Number(part), 0),
  };
}
