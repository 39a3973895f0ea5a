import { readdirSync, statSync } from "node:fs";
import process from "node:process";
import { errorCode, HaftError } from "../base/errors.ts";
import { descriptorLimit } from "../base/descriptor_limit.ts";

/** What is left for looking at processes, for logs and for the journal. */
const HEADROOM = 16;

/** Whether something failed because this process, or the system, has no descriptor left. */
export function lacksDescriptors(error: unknown): boolean {
  const code = errorCode(error);
  return code === "EMFILE" || code === "ENFILE";
}

/** Undefined when there is none left to look with. */
function openDescriptors(): number | undefined {
  try {
    // Since Linux 6.2 the directory's size is how many there are.
    return statSync("/proc/self/fd").size || readdirSync("/proc/self/fd").length;
  } catch (error) {
    if (lacksDescriptors(error)) return undefined;
    throw error;
  }
}

/**
 * A running child holds a descriptor. Without any left, haft could not see which processes run, let alone
 * stop them.
 *
 * @param promised descriptors that what runs already will need
 * @throws {HaftError} when one more process would come too near to the limit
 */
export function requireDescriptors(file: string, promised = 0): void {
  if (process.platform !== "linux") return;
  const limit = descriptorLimit();
  const open = openDescriptors() ?? limit;
  if (open + promised + HEADROOM <= limit) return;
  throw new HaftError(`Cannot run "${file}": the daemon has ${open} of ${limit} descriptors open`, {
    next: 'Raise the limit of open files (ulimit -n), then "haft daemon restart"',
  });
}
