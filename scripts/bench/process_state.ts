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
  // The second field is the name in brackets, which may contain spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
