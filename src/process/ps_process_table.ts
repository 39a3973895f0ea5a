import { spawnSync } from "node:child_process";
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
    const { stdout } = spawnSync("ps", ["-E", "-ww", "-o", "command=", "-p", `${pid}`], { encoding: "utf8" });
    return new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(stdout ?? "")?.[1];
  },
  isStopped: (pid) => list(["-p", `${pid}`]).every(({ state }) => "TZ".includes(state)),
  residentBytes(pid) {
    const { stdout } = spawnSync("ps", ["-o", "rss=", "-p", `${pid}`], { encoding: "utf8" });
    const kilobytes = Number.parseInt(stdout ?? "", 10);
    return Number.isNaN(kilobytes) ? undefined : kilobytes * 1024;
  },
  kill: (pid, signal) => void process.kill(pid, signal),
};

function list(which: string[]): ProcessInfo[] {
  const { stdout } = spawnSync("ps", [...which, "-o", "pid=,ppid=,pgid=,sess=,state=,time=,lstart="], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  });
  return (stdout ?? "").split("\n").flatMap((line) => parsePsLine(line) ?? []);
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
