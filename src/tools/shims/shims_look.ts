/** How the shims' directory looked when haft had written it: a shim that was removed since is missed. */
import { join } from "node:path";
import type { Paths } from "../../base/paths.ts";
import { makeDirectory } from "../../base/private_directory.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { fingerprintsOfYoung, unchanged } from "../project/fingerprint.ts";
import { isTextRecord } from "../project/exec_entry.ts";

/** To be called when all shims are written. */
export function keepShimsLook(paths: Pick<Paths, "shims" | "state">): void {
  try {
    makeDirectory(paths.state, { mode: 0o700 });
    const look = JSON.stringify(fingerprintsOfYoung([paths.shims]));
    writeAtomic(lookPath(paths), look, { mode: 0o600, durable: false });
  } catch {
    // It only saves time: without it the next sync compares all shims.
  }
}

/** Whether nothing came into the directory or left it since. */
export function shimsAreAsLeft(paths: Pick<Paths, "shims" | "state">): boolean {
  try {
    const look: unknown = JSON.parse(readTextFile(lookPath(paths)));
    return isTextRecord(look) && Object.keys(look).join() === paths.shims && unchanged(look);
  } catch {
    return false;
  }
}

function lookPath({ state }: Pick<Paths, "state">): string {
  return join(state, "shims.json");
}
