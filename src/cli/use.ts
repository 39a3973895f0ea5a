import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { SourceName } from "../protocol/artifact.ts";
import { holdingProject, writeProjectFile } from "../sync/project_lock.ts";
import { projectResolver } from "../sync/project_sync.ts";
import { readTextIfAny } from "../tools/lockfile/read_lock_file.ts";
import { setToolSource, setToolVersion } from "../tools/manifest/set_tool_version.ts";
import { openProject, type Project } from "../tools/project/project.ts";
import { MANIFEST_NAME } from "../tools/project/manifests.ts";
import { LOCK_NAME } from "../tools/project/request_layers.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import { cellText } from "../ui/terminal_text.ts";
import { plainRequest, type ToolRequest } from "../tools/request.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { textFlag } from "./flag_values.ts";
import { editManifest } from "./tools/edit_manifest.ts";
import { parseToolTarget, type ToolTarget } from "./tool_target.ts";

export interface UseOptions {
  targets: ToolTarget[];
  sync: boolean;
  offline: boolean;
  /** Write the exact version. */
  pin: boolean;
  /** In the user's own manifest, which counts everywhere. */
  global: boolean;
  /** Which of their sources the tools come from. */
  source?: SourceName | undefined;
}

export const command: Command<UseOptions> = {
  usage: ["TOOL[@VERSION]…"],
  flags: [
    { name: "pin", description: "Write the exact version that it is now" },
    {
      name: "global",
      short: "g",
      description: "For every directory that does not say otherwise: in your own haft.toml",
    },
    {
      name: "source",
      value: "SOURCE",
      completes: SourceName.options,
      description: "Which of its sources the tool comes from; haft info TOOL lists them",
    },
    { name: "no-sync", description: "Only write haft.toml" },
    { name: "offline", description: "Use only what is in the store and the cache" },
  ],
  examples: [
    "haft use biome@2",
    "haft use node@22 npm:prettier",
    "haft use --pin node@22",
    "haft use node@22 --source npm",
  ],
  completes: "catalogue",
  parse,
  run,
};

function parse(args: ParsedArgs): UseOptions {
  const { flags, positional, rest } = args;
  const targets = [...positional, ...rest].map(parseToolTarget);
  if (targets.length === 0) {
    throw new UsageError("Which tool? None was named", {
      next: 'Write "haft use biome", or "haft use biome@2"',
    });
  }
  return {
    targets,
    sync: !flags.has("no-sync"),
    offline: flags.has("offline"),
    pin: flags.has("pin"),
    global: flags.has("global"),
    source: sourceFlag(textFlag(args, "source"), targets),
  };
}

function sourceFlag(text: string | undefined, targets: readonly ToolTarget[]): SourceName | undefined {
  if (text === undefined) return undefined;
  const source = SourceName.options.find((one) => one === text);
  if (source === undefined) {
    throw new UsageError(`There is no source "${text}"`, {
      next: didYouMean(nearestNames(text, SourceName.options)) ??
        `Sources are ${SourceName.options.join(", ")}; "haft info TOOL" lists those of a tool`,
    });
  }
  const direct = targets.find(({ name }) => name.includes(":"));
  if (direct !== undefined) {
    throw new UsageError(`"${direct.name}" names its source already`, { next: "Leave --source out" });
  }
  return source;
}

async function run(options: UseOptions, caller: Context): Promise<ExitCode> {
  const { targets, sync, offline, source } = options;
  const context = options.global ? { ...caller, cwd: userDirectory(caller) } : caller;
  const project = openProject(context.cwd, context);
  const path = options.global
    ? join(context.cwd, MANIFEST_NAME)
    : project.files.manifestPath ?? join(context.cwd, MANIFEST_NAME);
  const versions = new Map<string, string>();
  for (const target of targets) {
    const name = project.files.catalogue.toolName(target.name);
    versions.set(name, await versionToWrite({ ...target, name }, { ...options, project }, context));
  }
  const lockPath = join(dirname(path), LOCK_NAME);
  const before = { manifest: readTextIfAny(path), lock: readTextIfAny(lockPath) };
  const file = await editManifest(path, context, async (text) => {
    let changed = text;
    for (const [name, version] of versions) {
      changed = await setToolVersion(changed, name, version);
      if (source !== undefined) changed = await setToolSource(changed, name, source);
    }
    return changed;
  });
  for (const [name, version] of versions) {
    const value = source === undefined ? `"${version}"` : `{ version = "${version}", source = "${source}" }`;
    await context.stderr.write(`${name} = ${value} in ${cellText(file)}\n`);
  }
  if (!sync) return ExitCode.ok;
  const { command: syncCommand } = await import("./sync.ts");
  const flags = new Map<string, true>(offline ? [["offline", true]] : []);
  const written = readTextIfAny(file);
  let code: ExitCode | undefined;
  try {
    return code = await syncCommand.run(syncCommand.parse({ flags, positional: [], rest: [] }), context);
  } finally {
    const isDone = code === ExitCode.ok || !lacksOne([...versions.keys()], context);
    if (!isDone && readTextIfAny(file) === written) {
      // Also after Ctrl-C, which would end the wait for other syncs.
      const { signal } = new AbortController();
      await holdingProject(dirname(file), { locks: context.paths.locks, signal }, async () => {
        putBack(file, before.manifest);
        putBack(lockPath, before.lock);
        await context.stderr.write(`${cellText(file)} and the lock file are as they were\n`);
      });
    }
  }
}

/** Whether one of the tools could not be installed, where others of the project may have failed. */
function lacksOne(names: readonly string[], context: Context): boolean {
  return openProject(context.cwd, context).tools.some(({ request, installed, elsewhere }) =>
    names.includes(request.name) && installed === undefined && !elsewhere
  );
}

function putBack(file: string, text: string | undefined): void {
  if (text === undefined) rmSync(file, { force: true });
  else if (readTextIfAny(file) !== text) writeProjectFile(file, text, { root: dirname(file) });
}

interface Where {
  project: Project;
  offline: boolean;
  source?: SourceName | undefined;
}

/** The directory of the user's own files, which counts as a project of its own. */
function userDirectory({ paths: { config } }: Context): string {
  mkdirSync(config, { recursive: true, mode: 0o700 });
  return config;
}

/** Without a version, the newest one's major is asked for: it gets fixes, and no surprises. */
async function versionToWrite(
  { name, version }: ToolTarget,
  { pin, ...where }: Where & { pin: boolean },
  context: Context,
): Promise<string> {
  const found = await resolve({ name, version: version ?? "latest" }, where, context);
  if (pin) return found.version;
  if (version !== undefined) return version;
  const [major = "", minor = ""] = found.version.split(".");
  return major === "0" || LINES_ARE_MINOR.has(name) ? `${major}.${minor}` : major;
}

/** Tools whose first number never changes: Go has been at 1 since its first release. */
const LINES_ARE_MINOR: ReadonlySet<string> = new Set(["go"]);

/** @throws {HaftError} when there is no such tool or version, naming those that come close */
async function resolve(
  { name, version }: { name: string; version: string },
  { project, offline, source }: Where,
  context: Context,
): Promise<{ version: string }> {
  const known = project.requests.find((request) => request.name === name);
  const request: ToolRequest = {
    ...(known ?? plainRequest(project.files.catalogue.tool(name))),
    version,
    ...(source === undefined ? {} : { source }),
    decidedBy: { file: "the command line", key: name },
  };
  const ask = await projectResolver(project, { offline }, context);
  return await ask(request, context.signal);
}
