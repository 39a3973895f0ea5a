import { spawnSync } from "node:child_process";
import { existsSync, rmSync, statSync, utimesSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import type { Paths } from "../../base/paths.ts";
import { readOrSetAside } from "../../base/set_aside.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import type { KnownCommand } from "../project/exec_entry.ts";
import { isOthersLock } from "../lockfile/read_lock_file.ts";
import { isWholeSecond, isYoung, unchanged } from "../project/fingerprint.ts";
import { type LookedAt, lookedAt } from "../project/looks.ts";
import { isShimEntry, shimEntry, stampPath } from "./shim_entry.ts";
import { shimEntryName } from "./shim_script.ts";
import { makeDirectory } from "../../base/private_directory.ts";

export interface ShimAnswer extends KnownCommand {
  name: string;
  /** `process.cwd()`: without links. */
  cwd: string;
}

/**
 * Keeps an answer of `haft exec` where the shim finds it. It is not kept when a shell could not tell a
 * change: a file whose time has no fraction (archives and coarse file systems set such) may be replaced by
 * another of the same time, and a shell that compares whole seconds sees no difference.
 */
export function rememberShim(
  { name, cwd, command, files }: ShimAnswer,
  { shimEntries, store, staging }: Pick<Paths, "shimEntries" | "store" | "staging">,
): void {
  const entry = join(shimEntries, cwd, shimEntryName(name));
  setAsideIfDamaged(entry);
  // Just written, and of no use already: something keeps changing, and writing it each time would cost more
  // than it saves.
  if (isYoung(entry)) return;
  // All that is installed or removed passes the staging area, whose time tells that some other tool has
  // changed: an entry is no longer with the tools that the project asks for.
  const storeId = relative(store, command.file).split(sep)[0] ?? "";
  const tool = join(store, storeId);
  const { present, ...gone } = lookedAt(files);
  const isOutside = (path: string) => path !== store && !isInside(path, store);
  const stamped = withoutOthersLocks(present.filter(isOutside), storeId);
  if (!stamped.every(hasFraction)) return;
  const { absent, lacking } = toldByDirectories({
    absent: gone.absent.filter(isOutside),
    lacking: gone.lacking.filter(({ directory }) => isOutside(directory)),
  });
  const inStore = [staging, ...present.filter((path) => path === tool || isInside(path, tool))];
  const marked = [...lacking.map(({ directory }) => directory), ...stamped]
    .map((path, index) => ({ path, stamp: stampPath(entry, index) }));
  try {
    makeDirectory(dirname(entry), { mode: 0o700 });
    makeDirectory(staging);
    if (!stamp(marked, entry)) return;
    writeAtomic(entry, shimEntry({ command, cwd, absent, lacking, stamped, store: inStore }), {
      mode: 0o600,
      durable: false,
    });
    // What changed meanwhile has a stamp of after its change.
    if (!unchanged(files)) rmSync(entry, { force: true });
  } catch {
    // It only saves time.
  }
}

/**
 * The locks of other tools' dependencies are looked at together, by the time of their directory: a shim looks
 * at its own tool alone, however many the project asks for.
 */
function withoutOthersLocks(paths: readonly string[], storeId: string): string[] {
  const others = paths.filter((path) => isOthersLock(path, storeId) && tellsOfNames(dirname(path)));
  const left = new Set(others);
  return [...paths.filter((path) => !left.has(path)), ...new Set(others.map((path) => dirname(path)))];
}

/** A directory that does not tell what comes into it has its names looked for, each by itself. */
function toldByDirectories({ absent, lacking }: Omit<LookedAt, "present">): Omit<LookedAt, "present"> {
  const isTold = lacking.map(({ directory }) => tellsOfNames(directory));
  const others = lacking.filter((_, index) => isTold[index] !== true).flatMap(({ directory, names }) =>
    existsSync(directory) ? names.map((name) => join(directory, name)) : [directory]
  );
  return {
    absent: [...absent, ...others],
    lacking: lacking.filter((_, index) => isTold[index])
      .toSorted((a, b) => a.directory.length - b.directory.length),
  };
}

/** Whether a directory's time changes, to a shell's eyes, with all that comes into it from now on. */
function tellsOfNames(directory: string): boolean {
  return hasFraction(directory) && !isYoung(directory);
}

/** A shim came here because it could not use its entry: one of another form says so in one line. */
function setAsideIfDamaged(entry: string): void {
  try {
    readOrSetAside(entry, (text) => {
      if (!isShimEntry(text)) throw new TypeError("no entry");
    });
  } catch {
    // The system refuses to read it; a new one takes its place.
  }
}

/** The shell itself makes the stamps: times set through JavaScript lose their last digits. */
function stamp(stamped: readonly { path: string; stamp: string }[], entry: string): boolean {
  const probe = (name: string) => join(dirname(entry), `.${basename(entry)}.${name}`);
  const [older, newer] = [probe("older"), probe("newer")];
  try {
    for (const path of [older, newer]) writeAtomic(path, "", { durable: false });
    utimesSync(older, 1_000_000_000.25, 1_000_000_000.25);
    utimesSync(newer, 1_000_000_000.75, 1_000_000_000.75);
    const script = `[ "$2" -nt "$1" ] && [ "$1" -ot "$2" ] || exit 1
shift 2
while [ $# -gt 0 ]; do touch -r "$1" "$2" || exit 1; [ "$1" -nt "$2" ] && exit 1; [ "$1" -ot "$2" ] && exit 1; shift 2; done`;
    const pairs = stamped.flatMap(({ path, stamp: mark }) => [path, mark]);
    const { status } = spawnSync("/bin/sh", ["-c", script, "sh", older, newer, ...pairs], {
      stdio: "ignore",
    });
    return status === 0;
  } finally {
    for (const path of [older, newer]) rmSync(path, { force: true });
  }
}

function isInside(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

function hasFraction(path: string): boolean {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat !== undefined && !isWholeSecond(stat.mtimeNs);
}
