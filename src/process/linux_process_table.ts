import { readdirSync, readFileSync, statSync } from "node:fs";
import process from "node:process";
import { lacksDescriptors } from "./descriptors.ts";
import type { ProcessInfo, ProcessTable } from "./process_table.ts";
import { SessionMembers } from "./session_members.ts";

/** The unit of times in /proc. The kernel fixes it for user space, whatever its own clock runs at. */
const TICKS_PER_SECOND = 100;

/** Bytes of a page where the kernel does not say. */
const USUAL_PAGE = 4_096;
/** Of the kernel's words to a new process: its key for the size of a page. */
const AT_PAGESZ = 6n;

let bootId: string | undefined;
let pageBytes: number | undefined;

const sessionMembers = new SessionMembers({ pids: processIds, inode: inodeOf, find });

/** The process table of Linux: /proc. */
export const linuxProcessTable: ProcessTable = {
  bootId: () => bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
  find,
  all: () => processIds().flatMap((pid) => find(pid) ?? []),
  near: (leaders) => sessionMembers.near(leaders),
  variable(pid, name) {
    const prefix = `${name}=`;
    const variable = environment(pid)?.split("\0").find((entry) => entry.startsWith(prefix));
    return variable?.slice(prefix.length);
  },
  isStopped(pid) {
    return taskIds(pid).every((task) => {
      const state = statFields(read(`/proc/${pid}/task/${task}/stat`))?.[0];
      return state === undefined || "TtZXx".includes(state);
    });
  },
  residentBytes: (pid) => parseStat(read(`/proc/${pid}/stat`))?.residentBytes,
  kill: (pid, signal) => void process.kill(pid, signal),
};

/**
 * Reads /proc/PID/stat. A zombie in it is the first thread alone: the process lives, and has its files and
 * ports, as long as another thread does.
 */
export function parseStat(text: string | undefined): ProcessInfo | undefined {
  const fields = statFields(text);
  if (text === undefined || fields === undefined) return undefined;
  // The first field here is the third of the manual page.
  const field = (number: number) => Number(fields[number - 3]);
  const startTime = fields[22 - 3];
  if (startTime === undefined) return undefined;
  const [state = "?"] = fields;
  return {
    pid: Number.parseInt(text, 10),
    parent: field(4),
    group: field(5),
    session: field(6),
    state: state === "Z" && field(20) > 1 ? "S" : state,
    startTime,
    cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
    residentBytes: field(24) * pageSize(),
  };
}

/** The manual page's number of the last field that is read here. */
const LAST_FIELD = 24;

/** The fields after the name, which may hold spaces and parentheses, as far as they are read. */
function statFields(text: string | undefined): string[] | undefined {
  const end = text?.lastIndexOf(")") ?? -1;
  return end === -1 ? undefined : text?.slice(end + 2).split(" ", LAST_FIELD - 2);
}

/** A first thread that has ended shows none; the others have the same one. */
function environment(pid: number): string | undefined {
  const text = read(`/proc/${pid}/environ`);
  if (text !== "") return text;
  for (const task of taskIds(pid)) {
    const others = read(`/proc/${pid}/task/${task}/environ`);
    if (others !== undefined && others !== "") return others;
  }
  return text;
}

/** Pairs of a key and a value, each a word of the machine; haft runs on 64 bits alone. */
function pageSize(): number {
  if (pageBytes !== undefined) return pageBytes;
  pageBytes = USUAL_PAGE;
  try {
    const words = readFileSync("/proc/self/auxv");
    for (let at = 0; at + 16 <= words.length; at += 16) {
      if (words.readBigUInt64LE(at) === AT_PAGESZ) pageBytes = Number(words.readBigUInt64LE(at + 8));
    }
  } catch { /* A process that is not dumpable may not read its own. */ }
  return pageBytes;
}

function processIds(): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

function find(pid: number): ProcessInfo | undefined {
  return parseStat(read(`/proc/${pid}/stat`));
}

function inodeOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.ino;
}

function taskIds(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch (error) {
    if (lacksDescriptors(error)) throw error;
    return [];
  }
}

/**
 * Undefined when the process has gone, or is not ours to look into.
 *
 * @throws when it cannot be read for want of a descriptor: such a process has not gone
 */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (lacksDescriptors(error)) throw error;
    return undefined;
  }
}
