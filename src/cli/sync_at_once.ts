/**
 * The shortest way of `haft sync` and `haft sync --check` into a pipe or file, when nothing has changed since
 * the last one had nothing to do. Like exec_at_once.ts it stands beside the entry of the binary.
 */
import process from "node:process";
import { choosesVersionFiles } from "../base/mise_env.ts";
import { plainDirectories, plainPlace } from "../base/plain_paths.ts";
import { writeOutput } from "../runtime/bun_output.ts";
import { libcAtOnce, readAtOnce } from "../runtime/libc_at_once.ts";
import { parsePlainSync, plainSyncName, syncKey } from "../sync/plain_sync.ts";
import { terminalText } from "../ui/terminal_text.ts";
import { isOnTerminal, isOwnHome } from "./own_home_at_once.ts";
import { unchangedAtOnce } from "./unchanged_at_once.ts";

/**
 * Prints that there is nothing to do.
 *
 * @param args what follows `haft`
 * @returns false where the usual way is needed
 */
export async function syncAtOnce([verb, flag, ...more]: readonly string[]): Promise<boolean> {
  const isPlainSync = verb === "sync" && (flag === undefined || flag === "--check") && more.length === 0;
  if (!isPlainSync) return false;
  const { env } = process;
  const [place, directories] = [plainPlace(env), plainDirectories(env)];
  if (place === undefined || directories === undefined || choosesVersionFiles(env)) return false;
  const cwd = process.cwd();
  try {
    const entry = readAtOnce(`${directories.cache}/syncs/${plainSyncName(cwd)}`);
    if (entry === undefined) return false;
    const known = parsePlainSync(entry, syncKey(cwd, place));
    if (known === undefined) return false;
    const { looks } = libcAtOnce({});
    if (isOnTerminal(looks) || !isOwnHome(directories, looks)) return false;
    if (!unchangedAtOnce(known.files, looks)) return false;
    await writeOutput("stdout", terminalText(known.text, { color: false }));
    return true;
  } catch {
    // Nothing is remembered, it is damaged, or stdout does not take it: the usual way says what is wrong.
    return false;
  }
}
