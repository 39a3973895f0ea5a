import { readFileSync } from "node:fs";

/** What systems allow a process at least, where the limit cannot be read. */
const USUAL = 1024;

/** How many files and sockets this process may have open at once. */
export function descriptorLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined ? USUAL : Number(soft);
  } catch {
    return USUAL;
  }
}
