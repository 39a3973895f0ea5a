import { delay } from "@std/async/delay";
import { readdirSync, readFileSync } from "node:fs";

/** Resident bytes of a process now, by /proc. */
export function residentMemory(pid: number): number {
  const kilobytes = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

/** Descriptors that a process has open, by /proc. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Seconds of processor time that a process has used, by /proc. */
export function processorTime(pid: number): number {
  return ticks(pid, [11, 12]);
}

/** Between two looks at a process's threads: what one uses after the last look before its end is missed. */
const LOOK_MS = 1_000;

/** Milliseconds of processor time that a process uses meanwhile, to the nanosecond, by /proc. */
export async function processorTimeDuring(pid: number, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let before = threadTimes(pid);
  for (let used = 0;;) {
    await delay(Math.min(LOOK_MS, Math.max(0, until - performance.now())));
    const now = threadTimes(pid);
    for (const [thread, time] of now) used += time - (before.get(thread) ?? 0);
    if (performance.now() >= until) return used / 1e6;
    before = now;
  }
}

/** Nanoseconds that each thread of a process has run. */
function threadTimes(pid: number): Map<string, number> {
  const threads = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
      threads.set(thread, Number(ran));
    } catch {
      // It has ended meanwhile.
    }
  }
  return threads;
}

/** Seconds of processor time of the children that this process has waited for, by /proc. */
export function childrenProcessorTime(): number {
  return ticks("self", [13, 14]);
}

function ticks(process: number | "self", places: readonly number[]): number {
  // The second field is the name in brackets, which may contain spaces.
  const fields = readFileSync(`/proc/${process}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  const ticksPerSecond = 100;
  return places.reduce((sum, place) => sum + Number(fields[place]), 0) / ticksPerSecond;
}

/** Bytes that a process has in memory, and those of them that no file holds as well. */
export function memoryOf(pid: number): { resident: number; own: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const of = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(text)?.[1]) * 1024;
  return { resident: of("Rss"), own: of("Anonymous") };
}

/** Seconds of processor time of the children of this process that have ended. */
export function childrenTime(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").replace(/^.*\) /s, "").split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
