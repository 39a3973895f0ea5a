/**
 * The shortest way of `haft sync` when nothing has changed since the last one had nothing to do. Like
 * exec_at_once.ts it stands beside the entry of the binary.
 */
import process from "node:process";
import type { Env } from "../base/env.ts";
import { isOwn } from "../base/is_own.ts";
import { mayHaveLostBytes } from "../base/lost_bytes.ts";
import { mayColor } from "../base/may_color.ts";
import { choosesVersionFiles } from "../base/mise_env.ts";
import { plainDirectories, plainPlace } from "../base/plain_paths.ts";
import { writeOutput } from "../runtime/bun_output.ts";
import { IS_KNOWN, libcAtOnce, readAtOnce } from "../runtime/libc_at_once.ts";
import { parsePlainSync, plainSyncName, type Screen, syncKey } from "../sync/plain_sync.ts";
import { looksLike } from "../tools/project/looks.ts";
import { isOnTerminal, isOwnHome } from "./own_home_at_once.ts";

/** With these a sync that has nothing to do prints the same, or nothing. */
const QUIET = ["--quiet", "-q"];
const HARMLESS = [...QUIET, "--check", "--locked", "--offline"];

interface Libc {
  ioctl(descriptor: number, request: number, result: Uint16Array): number;
}

const TIOCGWINSZ = 0x5413;

/**
 * Prints that there is nothing to do.
 *
 * @param args what follows `haft`
 * @returns false where the usual way is needed
 */
export async function syncAtOnce([, ...flags]: readonly string[]): Promise<boolean> {
  if (!flags.every((flag) => HARMLESS.includes(flag))) return false;
  const { env } = process;
  const directories = plainDirectories(env);
  if (!IS_KNOWN || directories === undefined || choosesVersionFiles(env)) return false;
  const cwd = process.cwd();
  if (mayHaveLostBytes([cwd], {})) return false;
  try {
    const { looks } = libcAtOnce({});
    const screen = isOnTerminal(looks) ? screenOf(env) : undefined;
    if (screen === "unknown") return false;
    const syncs = `${directories.cache}/syncs`;
    const owned = looks.look(syncs);
    if (owned === undefined || !isOwn(owned)) return false;
    const entry = readAtOnce(`${syncs}/${plainSyncName(cwd, screen)}`);
    const known = parsePlainSync(entry, { key: syncKey(cwd, plainPlace(env, directories)), screen });
    if (known === undefined) return false;
    if (!isOwnHome(directories, looks) || !looksLike(known.files, looks.fingerprint)) return false;
    const isQuiet = flags.some((flag) => QUIET.includes(flag));
    if (!isQuiet) await writeOutput("stdout", known.text);
    return true;
  } catch {
    // Nothing is remembered, it is damaged, or stdout does not take it: the usual way says what is wrong.
    return false;
  }
}

/** The terminal that stdout is. Apart: into a pipe its function of the C library would be loaded in vain. */
function screenOf(env: Env): Screen | "unknown" {
  const { libc } = libcAtOnce<Libc>({ ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" } });
  const size = new Uint16Array(4);
  if (libc.ioctl(1, TIOCGWINSZ, size) !== 0) return "unknown";
  return { columns: size[1] || 80, color: mayColor(env) };
}
