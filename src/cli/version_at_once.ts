/**
 * `haft --version` before anything is loaded; whatever is not as plain as that, the usual way does. It calls
 * few functions: each that runs takes a hundredth of an empty program's time.
 */
import process from "node:process";
import { isPlain } from "../base/plain_paths.ts";
import { VERSION } from "../base/version.ts";
import { writeOutput } from "../runtime/bun_output.ts";
import { IS_KNOWN } from "../runtime/libc_at_once.ts";

/**
 * Prints the version.
 *
 * @returns false where the usual way is needed; it says what is wrong with stdout, too
 */
export async function versionAtOnce(): Promise<boolean> {
  // As `plainDirectories()` has it, whose functions would take longer than the rest of this.
  const { HAFT_HOME, HOME, XDG_DATA_HOME } = process.env;
  const base = HAFT_HOME || XDG_DATA_HOME || HOME;
  if (!IS_KNOWN || !HOME || base?.startsWith("/") !== true || !isPlain(HOME + base)) return false;
  try {
    await writeOutput("stdout", `haft ${VERSION}\n`);
    return true;
  } catch {
    return false;
  }
}
