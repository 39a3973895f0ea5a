/**
 * The shortest way of `haft exec NAME ARGS…`, for a name that ran in this directory before while nothing has
 * changed since. What it imports stands beside the entry of the binary, so that nothing else is loaded: no
 * module here may import one of the runtime's own but `node:process`. Whatever it does not know, the other
 * ways do, and they say what is wrong.
 */
import process from "node:process";
import { type Env, envValue } from "../base/env.ts";
import { isOwn } from "../base/is_own.ts";
import { mayHaveLostBytes } from "../base/lost_bytes.ts";
import { choosesVersionFiles } from "../base/mise_env.ts";
import { placeKey } from "../base/place_key.ts";
import { plainDirectory, plainPlace } from "../base/plain_paths.ts";
import { VERSION } from "../base/version.ts";
import { atOnce } from "../runtime/at_once.ts";
import { readAtOnce } from "../runtime/libc_at_once.ts";
import { entryName, parseEntry } from "../tools/project/exec_entry.ts";
import { unchangedAtOnce } from "./unchanged_at_once.ts";

/**
 * Puts the program in this process's place, or comes back.
 *
 * @param args what follows `haft`
 */
export function execAtOnce(args: readonly string[]): void {
  const [verb, name, ...rest] = args;
  if ((verb !== "exec" && verb !== "x") || name === undefined || /^-|@/.test(name)) return;
  const { env } = process;
  const [directory, place] = [plainExecCache(env), plainPlace(env)];
  if (directory === undefined || place === undefined || choosesVersionFiles(env)) return;
  if (mayHaveLostBytes(rest, env)) return;
  try {
    const key = { cwd: process.cwd(), name, version: VERSION, place: placeKey(place) };
    const text = readAtOnce(`${directory}/${entryName(key)}`);
    const entry = text === undefined ? undefined : parseEntry(JSON.parse(text), key);
    if (entry === undefined) return;
    const system = atOnce();
    const owned = system.look(directory);
    if (owned === undefined || !isOwn(owned) || !unchangedAtOnce(entry.files, system)) return;
    const { file, path, defaults } = entry.command;
    const PATH = [...path, ...(envValue(env, "PATH") === undefined ? [] : [env["PATH"]])].join(":");
    const all = { ...defaults, ...env, PATH } as Record<string, string>;
    system.replace(file, rest[0] === "--" ? rest.slice(1) : rest, all);
  } catch {
    // Nothing is remembered, it is damaged, or the system refuses.
  }
}

/**
 * Where the exec cache is, as `resolvePaths()` says it, without loading `node:path`; undefined for paths that
 * are not as plain as that.
 */
export function plainExecCache(env: Env): string | undefined {
  const cache = plainDirectory(env, "cache");
  return cache === undefined ? undefined : `${cache}/exec`;
}
