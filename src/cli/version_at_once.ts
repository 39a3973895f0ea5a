/** `haft --version` before anything is loaded; whatever is not as plain as that, the usual way does. */
import process from "node:process";
import { plainDirectory } from "../base/plain_paths.ts";
import { VERSION } from "../base/version.ts";
import { writeOutput } from "../runtime/bun_output.ts";
import { IS_KNOWN } from "../runtime/libc_at_once.ts";

/**
 * Prints the version.
 *
 * @param args what follows `haft`
 * @returns false where the usual way is needed; it says what is wrong with stdout, too
 */
export async function versionAtOnce([word, ...more]: readonly string[]): Promise<boolean> {
  const asks = (word === "--version" || word === "-V" || word === "version") && more.length === 0;
  if (!asks || !IS_KNOWN || plainDirectory(process.env, "data") === undefined) return false;
  try {
    await writeOutput("stdout", `haft ${VERSION}\n`);
    return true;
  } catch {
    return false;
  }
}
