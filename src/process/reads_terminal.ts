import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";

/** The number of read(2). */
const READ = process.arch === "x64" ? "0" : "63";

/**
 * Whether a program waits for a line of the terminal that a process has, such as a shell at its prompt. Linux
 * alone tells; elsewhere it is false.
 */
export function readsTerminal(pid: number): boolean {
  if (process.platform !== "linux") return false;
  const terminal = jobOf(String(pid))?.terminal;
  if (terminal === undefined) return false;
  return readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name) || name === String(process.pid)) return false;
    const job = jobOf(name);
    return job?.terminal === terminal && job.group === job.foreground && waitsForLine(name);
  });
}

/** Its terminal, its group, and the group that has the terminal. */
function jobOf(pid: string): { terminal: string; group: string; foreground: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, , group = "", , terminal = "0", foreground = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(
      " ",
    );
    return terminal === "0" ? undefined : { terminal, group, foreground };
  } catch {
    // It has just ended.
    return undefined;
  }
}

function waitsForLine(pid: string): boolean {
  try {
    const [call, descriptor = ""] = readFileSync(`/proc/${pid}/syscall`, "utf8").split(" ");
    return call === READ &&
      /^\/dev\/(pts\/|tty|console)/.test(readlinkSync(`/proc/${pid}/fd/${Number(descriptor)}`));
  } catch {
    return false;
  }
}
