/**
 * Remembers what all tools of a project together give to a program: their directories on PATH and their
 * default variables, beside the exec cache. There is one file for each lock file, so that the first `haft
 * exec` in another directory of the project reads the receipt of the one tool that it runs. As there, an
 * answer holds only while every file that it was made from looks the same.
 */
import { join } from "node:path";
import type { Paths } from "../../base/paths.ts";
import { placeKey } from "../../base/place_key.ts";
import { makeDirectory } from "../../base/private_directory.ts";
import { readOwn } from "../../base/read_own.ts";
import { shortHash } from "../../base/short_hash.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { type CachedCommand, isCommand, isTextRecord } from "./exec_entry.ts";
import { fingerprints, unchanged } from "./fingerprint.ts";
import type { Fingerprints } from "./looks.ts";
import type { Project } from "./project.ts";

/** The receipts of fewer tools are read as soon as this. */
const MANY = 8;

export interface KnownTools {
  parts: Pick<CachedCommand, "path" | "defaults">;
  /** How the project's `toolFiles` look. */
  files: Fingerprints;
}

interface User {
  home: string;
  paths: Paths;
  /** haft's. */
  version: string;
}

/** What an earlier run left of the same tools, if nothing of them has changed since. */
export function readKnownTools(project: Project, user: User): KnownTools | undefined {
  if (project.tools.length < MANY) return undefined;
  const key = keyOf(project, user);
  try {
    const known = readOwn(
      entryPath(project, user),
      (text) => parseKnown(JSON.parse(text), key),
    );
    return known !== undefined && unchanged(known.files) ? known : undefined;
  } catch {
    // The system refuses to read it; it only saves time.
    return undefined;
  }
}

/**
 * Keeps what all tools give, unless a file changed just now or a tool is missing.
 *
 * @param asOf when the reading of the project began, in milliseconds since 1970
 */
export function rememberTools(
  project: Project,
  { path, defaults, asOf }: KnownTools["parts"] & { asOf: number },
  user: User,
): void {
  const { tools } = project;
  if (tools.length < MANY || tools.some(({ installed }) => installed === undefined)) return;
  const files = fingerprints(project.toolFiles, asOf);
  if (files === undefined) return;
  try {
    makeDirectory(user.paths.exec, { mode: 0o700 });
    const text = JSON.stringify({ key: keyOf(project, user), path, defaults, files });
    writeAtomic(entryPath(project, user), text, { mode: 0o600, durable: false });
  } catch {
    // It only saves time.
  }
}

/**
 * How all tools' files look, and these others; undefined when one of these changed just now, or where both
 * tell of one directory, each by the names that it lacks.
 */
export function looksWith(
  { files }: KnownTools,
  others: Iterable<string>,
  asOf: number,
): Fingerprints | undefined {
  const looks = fingerprints(others, asOf);
  if (looks === undefined || Object.keys(looks).some((path) => Object.hasOwn(files, path))) return undefined;
  return { ...files, ...looks };
}

/** All that decides it besides files. */
function keyOf({ layers, system, files: { user } }: Project, { home, paths, version }: User): string {
  return JSON.stringify([version, placeKey({ home, ...paths }), layers, system, user.allowedShims]);
}

function entryPath({ layers: [{ lockPath }] }: Project, { home, paths }: User): string {
  return join(paths.exec, `${shortHash([lockPath, placeKey({ home, ...paths })].join("\0"))}.tools.json`);
}

/** @throws {TypeError} when it is no entry */
function parseKnown(value: unknown, key: string): KnownTools | undefined {
  if (typeof value !== "object" || value === null || !("key" in value)) throw new TypeError("no entry");
  // Another version's entry may have another form.
  if (value.key !== key) return undefined;
  const { path, defaults, files } = { path: undefined, defaults: undefined, files: undefined, ...value };
  const command: unknown = { file: "", path, defaults };
  if (!isCommand(command) || !isTextRecord(files)) throw new TypeError("no entry");
  return { parts: { path: command.path, defaults: command.defaults }, files };
}
