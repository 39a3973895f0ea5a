/**
 * Whether a task has something to do: a hash of its inputs, its outputs and what it runs, beside the hash of
 * its last completion. A pattern that matches nothing proves nothing, so the task runs then.
 */
import { createHash, type Hash } from "node:crypto";
import { lstatSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setAsideUnlessFile } from "../base/set_aside.ts";
import { makePrivateDirectory } from "../base/private_directory.ts";
import { escapePath, globSync } from "tinyglobby";
import type { TaskArguments } from "./task_arguments.ts";
import type { TaskConfig } from "./task_schema.ts";
import { readTextFile } from "../base/read_text_file.ts";

export type Freshness =
  | { state: "fresh" }
  /** It has to run. */
  | { state: "stale"; reason: string }
  /** It names no inputs. */
  | { state: "unknown" };

/** The last completions of tasks with inputs, a file each. */
export class Fingerprints {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get(root: string, name: string): string | undefined {
    try {
      return readTextFile(this.#path(root, name));
    } catch {
      return undefined;
    }
  }

  set(root: string, name: string, hash: string): void {
    makePrivateDirectory(this.#directory);
    const path = this.#path(root, name);
    setAsideUnlessFile(path);
    const staged = `${path}.${process.pid}`;
    writeFileSync(staged, hash, { mode: 0o600 });
    renameSync(staged, path);
  }

  #path(root: string, name: string): string {
    const key = createHash("sha256").update(`${root}\0${name}`).digest("hex").slice(0, 32);
    return join(this.#directory, key);
  }
}

/** In place of a hash, where the inputs were others after the run than before. */
export const CHANGED_MEANWHILE = "changed";

/** @param directory what the globs are relative to */
export function freshness(
  directory: string,
  config: TaskConfig,
  { given, last }: { given: TaskArguments; last: string | undefined },
): Freshness {
  if (config.inputs.length === 0) return { state: "unknown" };
  const now = fingerprint(directory, config, given);
  if ("missing" in now) return { state: "stale", reason: now.missing };
  if (last === undefined) return { state: "stale", reason: "it was not completed before" };
  if (last === CHANGED_MEANWHILE) {
    return { state: "stale", reason: "its inputs changed while it ran to its last completion" };
  }
  return now.hash === last ? { state: "fresh" } : { state: "stale", reason: "inputs or outputs changed" };
}

/**
 * The inputs as they are before a run. One that changes while the task runs was not read as it is then, so
 * such a completion has no hash.
 */
export function inputsBefore(directory: string, { inputs }: TaskConfig): string | undefined {
  const hash = createHash("sha256");
  return addFiles(hash, directory, inputs) === undefined ? hash.digest("hex") : undefined;
}

/** The hash to keep after a completion; `missing` names the first pattern that matches nothing. */
export function fingerprint(
  directory: string,
  config: TaskConfig,
  given: TaskArguments,
): { hash: string } | { missing: string } {
  const hash = createHash("sha256").update(JSON.stringify([config, given]));
  for (const key of ["inputs", "outputs"] as const) {
    const missing = addFiles(hash, directory, config[key]);
    if (missing !== undefined) return { missing: `${key}: "${missing}" matches nothing` };
  }
  return { hash: hash.digest("hex") };
}

/** @returns the first pattern that matches nothing */
function addFiles(hash: Hash, directory: string, patterns: readonly string[]): string | undefined {
  const found = filesOf(directory, patterns);
  if ("missing" in found) return found.missing;
  for (const file of found.files) {
    hash.update(`\0${file}\0`);
    const path = join(directory, file);
    // To read a FIFO would wait for its writer.
    if (statSync(path).isFile()) hash.update(readFileSync(path));
  }
  return undefined;
}

/**
 * The files that patterns name, sorted. A path that exists is meant as it is, brackets included, and a
 * directory stands for the files in it; `!` excludes.
 */
export function filesOf(
  directory: string,
  patterns: readonly string[],
): { files: string[] } | { missing: string } {
  const ignore = patterns.filter((one) => one.startsWith("!")).map((one) =>
    asPattern(directory, one.slice(1))
  );
  const files = new Set<string>();
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) continue;
    // An exclusion may leave nothing of a pattern that does match.
    const options = { cwd: directory, dot: false, expandDirectories: true, followSymbolicLinks: false };
    const wanted = asPattern(directory, pattern);
    const matched = globSync(wanted, options);
    if (matched.length === 0) return { missing: pattern };
    for (const file of ignore.length === 0 ? matched : globSync(wanted, { ...options, ignore })) {
      files.add(file);
    }
  }
  if (files.size === 0 && patterns.length > 0) return { missing: patterns.join(" ") };
  return { files: [...files].sort() };
}

/** The files that patterns name now; without a pattern all files of the directory. */
export function matchingFiles(
  directory: string,
  patterns: readonly string[],
  { dot = false }: { dot?: boolean } = {},
): string[] {
  const wanted = patterns.filter((one) => !one.startsWith("!"));
  const excluded = patterns.filter((one) => one.startsWith("!")).map((one) => one.slice(1));
  const options = {
    cwd: directory,
    dot,
    expandDirectories: true,
    followSymbolicLinks: false,
    ignore: [...UNWATCHED, ...excluded.map((one) => asPattern(directory, one))],
  };
  const globs = wanted.length === 0 ? ["**/*"] : wanted.map((one) => asPattern(directory, one));
  // Each by itself: a glob that begins with a link follows it only while it is the only one.
  return [...new Set(globs.flatMap((glob) => globSync(glob, options)))];
}

/** These change without an edit. */
const UNWATCHED = ["**/node_modules/**", "**/.git/**"];

function asPattern(directory: string, text: string): string {
  const path = text.replace(/^\.\//, "").replace(/\/$/, "");
  const whole = join(directory, path);
  const stat = statSync(whole, { throwIfNoEntry: false });
  if (stat === undefined) return path;
  // A glob follows no link but one that it begins with; so links never lead it round in a circle.
  const isLink = stat.isDirectory() && lstatSync(whole).isSymbolicLink();
  return isLink ? `${escapePath(path)}/**/*` : escapePath(path);
}
