import { readFileSync } from "node:fs";

/** Whether this process was started with SIGHUP ignored, as Linux shows it; undefined on other systems. */
export function ignoresHangupOnLinux(): boolean | undefined {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
    return mask === undefined ? undefined : (Number.parseInt(mask.slice(-1), 16) & 1) === 1;
  } catch {
    return undefined;
  }
}
