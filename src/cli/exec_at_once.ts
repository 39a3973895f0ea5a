/**
 * The shortest way of `haft exec NAME ARGS…`, for a name that ran in this directory before while nothing has
 * changed since. What it imports stands beside the entry of the binary, so that nothing else is loaded: no
 * module here may import one of the runtime's own but `node:process`. Whatever it does not know, the other
 * ways do, and they say what is wrong.
 */
import process from "node:process";
import { isOwn } from "../base/is_own.ts";
import { REPLACEMENT } from "../base/lost_bytes.ts";
import { choosesVersionFiles } from "../base/mise_env.ts";
import { placeKey } from "../base/place_key.ts";
import { plainDirectories, plainPlace } from "../base/plain_paths.ts";
import { VERSION } from "../base/version.ts";
import { atOnce } from "../runtime/at_once.ts";
import { IS_KNOWN, readAtOnce } from "../runtime/libc_at_once.ts";
import { entryName, parseEntry } from "../tools/project/exec_entry.ts";
import { looksLike } from "../tools/project/looks.ts";

/**
 * Puts the program in this process's place, or comes back.
 *
 * @param line what follows `haft`: the verb, the name, and what the program is given
 */
export function execAtOnce([, name, ...args]: readonly string[]): void {
  if (!IS_KNOWN || name === undefined || name.startsWith("-") || name.includes("@")) return;
  const { env } = process;
  const directories = plainDirectories(env);
  if (directories === undefined || choosesVersionFiles(env)) return;
  try {
    const key = {
      cwd: process.cwd(),
      name,
      version: VERSION,
      place: placeKey(plainPlace(env, directories)),
    };
    const inherited = env["PATH"] ?? "";
    // Bytes that are no UTF-8 are lost here; the other variables are handed on as they are.
    if ([key.cwd, key.place, inherited, ...args].join().includes(REPLACEMENT)) return;
    const directory = `${directories.cache}/exec`;
    const entry = parseEntry(JSON.parse(readAtOnce(`${directory}/${entryName(key)}`)), key);
    if (entry === undefined) return;
    const system = atOnce();
    const owned = system.look(directory);
    if (owned === undefined || !isOwn(owned) || !looksLike(entry.files, system.fingerprint)) return;
    const { file, path, defaults } = entry.command;
    // An empty one would be the current directory.
    const PATH = (inherited === "" ? path : [...path, inherited]).join(":");
    system.replace(file, args[0] === "--" ? args.slice(1) : args, { PATH, defaults });
  } catch {
    // Nothing is remembered, it is damaged, or the system refuses.
  }
}
