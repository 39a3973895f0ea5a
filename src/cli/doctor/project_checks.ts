import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isOwn } from "../../base/is_own.ts";
import { remembered } from "../../base/mend_directories.ts";
import { openProject } from "../../tools/project/project.ts";
import { readUserConfig } from "../../tools/project/user_config.ts";
import { userConfigPath } from "../../tools/project/user_config_path.ts";
import type { Context } from "../command.ts";
import { shortPath } from "../short_path.ts";
import { changedExecutables } from "./changed_executables.ts";
import { fault, faultOf, type Finding, note, ok } from "./finding.ts";

/** The user's settings, the store, and the project at hand. */
export async function examineProject(context: Context): Promise<Finding[]> {
  const problems = await manifestProblems(context);
  return [
    ...[settings(context)].flat(),
    ...places(context),
    ...unusedMemory(context),
    ...(problems.length > 0 ? problems : await project(context)),
  ];
}

/** Every mistake in the haft.toml at hand, with its place. */
async function manifestProblems(context: Context): Promise<Finding[]> {
  const { nearestManifest } = await import("../check/problem_lines.ts");
  const { cwd, home } = context;
  const path = nearestManifest(cwd);
  if (path === undefined) return [];
  const { checkManifestFile } = await import("../../check/manifest_problems.ts");
  return checkManifestFile(path, context).problems.map((
    { line, column, message, next, frame },
  ) =>
    fault(
      "project",
      `${shortPath(path, home)}:${line}:${column}: ${message}`,
      next === null ? frame : `${frame}\n${next}`,
    )
  );
}

/** A key that is not known: what is said of it, and below it its line and the next step. */
function unknownKey(text: string): Finding {
  const [detail = "", ...fix] = text.split("\n").map((line) => line.replace(/^ {2}/, ""));
  return note("settings", detail, fix.join("\n"));
}

function settings({ paths, home }: Context): Finding | Finding[] {
  const path = userConfigPath(paths.config);
  try {
    const { unknown } = readUserConfig(paths.config);
    if (unknown.length > 0) return unknown.map(unknownKey);
    return ok("settings", existsSync(path) ? shortPath(path, home) : "none, defaults apply");
  } catch (error) {
    return faultOf("settings", error);
  }
}

/** The places that haft writes to; of those that are as they should be, the store alone is named. */
function places({ paths, home }: Context): Finding[] {
  const path = shortPath(paths.store, home);
  const isThere = existsSync(paths.store);
  const own = { store: paths.store, state: paths.state, cache: dirname(paths.metadata) };
  const seen = new Set<number>();
  const faults = Object.entries(own).flatMap(([name, place]) =>
    placeFault(name, nearestExisting(place), seen)
  );
  return faults.some(({ check }) => check === "store")
    ? faults
    : [ok("store", isThere ? path : `${path}, made by the first install`), ...faults];
}

/** Directories whose content haft does not use, because another user could write it. */
function unusedMemory({ paths, home }: Context): Finding[] {
  return remembered(paths).flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined || isOwn(stat) ? [] : [
      note(
        "cache",
        `${
          shortPath(path, home)
        } is another user's, or open to others: what haft remembers there is not used`,
        "Remove it, and haft makes its own",
      ),
    ];
  });
}

/** @param fullDisks device numbers of the full disks that are reported already; a new one is added */
function placeFault(name: string, path: string, fullDisks: Set<number>): Finding[] {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return [
      fault(
        name,
        `"${path}" is not writable`,
        "Change its owner or mode, or set HAFT_HOME to another directory",
      ),
    ];
  }
  const { dev } = statSync(path);
  if (!isFull(path) || fullDisks.has(dev)) return [];
  fullDisks.add(dev);
  return [fault(name, `the disk of "${path}" is full`, "Free some space on it")];
}

/** Too little for what haft writes beside tools: of bytes, or of files. */
const LEAST_BYTES = 1_000_000;

function isFull(path: string): boolean {
  const { bsize, bavail, files, ffree } = statfsSync(path);
  return bavail * bsize < LEAST_BYTES || files > 0 && ffree === 0;
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

async function project(context: Context): Promise<Finding[]> {
  try {
    const { tools, root, requests, files: { manifestPath } } = openProject(context.cwd, context);
    if (manifestPath === undefined && requests.length === 0) {
      return [note("project", "this directory has no tools", 'Run "haft init" to make a haft.toml')];
    }
    const missing = tools.filter(({ installed, elsewhere }) => installed === undefined && !elsewhere);
    const where = shortPath(manifestPath ?? root, context.home);
    const changed = await changedExecutables(tools);
    if (missing.length === 0) {
      return [ok("project", `${where}, all of its tools are installed`), ...changed];
    }
    const names = missing.map(({ request, refused }) =>
      refused === undefined ? request.name : `${request.name} (${refused})`
    ).join(", ");
    return [note("project", `${where}, not installed: ${names}`, 'Run "haft sync"'), ...changed];
  } catch (error) {
    return [faultOf("project", error)];
  }
}
