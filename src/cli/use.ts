import { lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { HaftError, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { holdingProject, writeProjectFile } from "../sync/project_lock.ts";
import { projectResolver } from "../sync/project_sync.ts";
import { readTextIfAny } from "../tools/lockfile/read_lock_file.ts";
import { parseManifest } from "../tools/manifest/parse_manifest.ts";
import { setToolVersion } from "../tools/manifest/set_tool_version.ts";
import { openProject, type Project } from "../tools/project/project.ts";
import { MANIFEST_NAME } from "../tools/project/project_files.ts";
import type { ToolRequest } from "../tools/request.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { initialManifest } from "./init.ts";
import { parseToolTarget, type ToolTarget } from "./tool_target.ts";

export interface UseOptions {
  targets: ToolTarget[];
  sync: boolean;
  offline: boolean;
}

export const command: Command<UseOptions> = {
  usage: ["TOOL[@VERSION]…"],
  flags: [
    { name: "no-sync", description: "Only write haft.toml" },
    { name: "offline", description: "Use only what is in the store and the cache" },
  ],
  examples: ["haft use biome@2", "haft use node@22 npm:prettier"],
  completes: "catalogue",
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): UseOptions {
  const targets = [...positional, ...rest].map(parseToolTarget);
  if (targets.length === 0) {
    throw new UsageError("Which tool? None was named", {
      next: 'Write "haft use biome", or "haft use biome@2"',
    });
  }
  return { targets, sync: !flags.has("no-sync"), offline: flags.has("offline") };
}

async function run({ targets, sync, offline }: UseOptions, context: Context): Promise<ExitCode> {
  const project = openProject(context.cwd, context);
  const path = project.files.manifestPath ?? join(context.cwd, MANIFEST_NAME);
  const versions = new Map<string, string>();
  for (const { name, version } of targets) {
    versions.set(name, version ?? await versionToAskFor(name, { project, offline }, context));
    if (version !== undefined) await resolve({ name, version }, { project, offline }, context);
  }
  const file = linkedManifest(path);
  const { locks } = context.paths;
  await holdingProject(dirname(file), { locks, signal: context.signal }, () => writeVersions(file, versions));
  for (const [name, version] of versions) {
    await context.stderr.write(`${name} = "${version}" in ${file}\n`);
  }
  if (!sync) return ExitCode.ok;
  const { command: syncCommand } = await import("./sync.ts");
  const flags = new Map<string, true>(offline ? [["offline", true]] : []);
  return await syncCommand.run(syncCommand.parse({ flags, positional: [], rest: [] }), context);
}

/** The caller holds the project: another `use` at the same time must not undo this one. */
async function writeVersions(path: string, versions: ReadonlyMap<string, string>): Promise<void> {
  let text = readTextIfAny(path) ?? initialManifest([]);
  for (const [name, version] of versions) text = await setToolVersion(text, name, version);
  // Read once more before it is written: an edit that does not read back is not made.
  parseManifest(text, path);
  writeProjectFile(path, text, { root: dirname(path) });
}

/**
 * What a linked haft.toml leads to, as people have who keep their dotfiles in a repository. A link may come
 * from a stranger, so that only a manifest that is the user's own is written through it.
 */
function linkedManifest(path: string): string {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path;
  const next = "Edit the file itself, or replace the link with a file";
  let target: string;
  try {
    target = realpathSync(path);
  } catch (error) {
    throw new HaftError(`"${path}" is a link that leads nowhere`, { next, cause: error });
  }
  const { uid } = statSync(target);
  const isOwn = process.getuid === undefined || uid === process.getuid();
  if (isOwn && basename(target) === MANIFEST_NAME) return target;
  const what = isOwn ? `no ${MANIFEST_NAME}` : "not yours";
  throw new HaftError(`"${path}" is a link to "${target}", which is ${what}`, { next });
}

interface Where {
  project: Project;
  offline: boolean;
}

/** Without a version, the newest one's major is asked for: it gets fixes, and no surprises. */
async function versionToAskFor(name: string, where: Where, context: Context): Promise<string> {
  const { version } = await resolve({ name, version: "latest" }, where, context);
  const [major = "", minor = ""] = version.split(".");
  return major === "0" ? `${major}.${minor}` : major;
}

/** @throws {HaftError} when there is no such tool or version, naming those that come close */
async function resolve(
  { name, version }: { name: string; version: string },
  { project, offline }: Where,
  context: Context,
): Promise<{ version: string }> {
  const known = project.files.requests.find((request) => request.name === name);
  const request: ToolRequest = {
    ...(known ?? { name, options: {}, installEnv: {} }),
    version,
    decidedBy: { file: "the command line", key: name },
  };
  const ask = await projectResolver(project, { offline }, context);
  return await ask(request, context.signal);
}
