import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { planLock } from "../../sync/plan_lock.ts";
import { projectResolver } from "../../sync/project_sync.ts";
import { DEFAULT_JOBS } from "../../sync/sync_defaults.ts";
import { updateLock } from "../../sync/update_lock.ts";
import { hostPlatform } from "../../tools/host_platform.ts";
import { readLock } from "../../tools/lockfile/read_lock_file.ts";
import { openProject, type Project } from "../../tools/project/project.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { errorAsJson } from "../describe_error.ts";
import { shortPath } from "../short_path.ts";
import { nothingHereText } from "../../ui/nothing_here.ts";

export interface LockOptions {
  check: boolean;
  offline: boolean;
  json: boolean;
}

/** What `--json` prints. */
interface LockReport {
  path: string;
  /** The tools whose entries are not, or were not, as the project asks for. */
  changes: { tool: string; reason: string }[];
}

export const command: Command<LockOptions> = {
  usage: [""],
  flags: [
    { name: "check", description: "Change nothing; exit 1 if haft.lock is not up to date" },
    { name: "offline", description: "Use only what is in the cache" },
    { name: "json", description: "Print JSON: {path, changes: [{tool, reason}]}" },
  ],
  examples: ["haft lock", "haft lock --check"],
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): LockOptions {
  const [extra] = [...positional, ...rest];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, {
      next: `"haft lock" is about the whole project; for one tool run "haft upgrade ${extra}"`,
    });
  }
  return { check: flags.has("check"), offline: flags.has("offline"), json: flags.has("json") };
}

async function run(options: LockOptions, context: Context): Promise<ExitCode> {
  const project = openProject(context.cwd, context);
  project.requireRequests();
  const report = changesOf(project);
  const ok = report.changes.length === 0 || (!options.check && await write(project, options, context));
  if (options.json) await context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (project.tools.length === 0 && report.changes.length === 0) {
    await context.stderr.write(nothingHereText("tools"));
  } else await say(report, { ...options, ok }, context);
  return ok ? ExitCode.ok : ExitCode.failed;
}

function changesOf({ files }: Project): LockReport {
  const requests = [...files.requests, ...files.overridden];
  const { changes, impossible } = planLock(requests, readLock(files.lockPath).lock, hostPlatform());
  const unknown = impossible.map(({ request, error }) => ({ tool: request.name, reason: error.message }));
  return { path: files.lockPath, changes: [...changes, ...unknown] };
}

async function write(project: Project, options: LockOptions, context: Context): Promise<boolean> {
  const { root, files: { lockPath, requests, overridden } } = project;
  let failed = false;
  await updateLock({
    project: { root, lockPath, requests, overridden },
    platform: hostPlatform(),
    locks: context.paths.locks,
    jobs: DEFAULT_JOBS,
    resolver: () => projectResolver(project, options, context),
    signal: context.signal,
    emit(event) {
      if (event.type !== "tool.failed") return;
      failed = true;
      const { tool, error, next } = event;
      void context.stderr.write(
        options.json
          ? errorAsJson(new HaftError(error, next === null ? {} : { next }), { tool })
          : `Error: ${tool}: ${error}\n`,
      );
    },
  });
  return !failed && changesOf(project).changes.length === 0;
}

async function say(
  { path, changes }: LockReport,
  { check, ok }: LockOptions & { ok: boolean },
  { stdout, stderr, home }: Context,
): Promise<void> {
  if (changes.length === 0) return await stderr.write(`${shortPath(path, home)} is up to date\n`);
  const lines = changes.map(({ tool, reason }) => `  ${tool}: ${reason}\n`).join("");
  if (!check) {
    return await stdout.write(`${ok ? "Wrote" : "Could not complete"} ${shortPath(path, home)}\n${lines}`);
  }
  await stderr.write(
    `${shortPath(path, home)} is not up to date\n${lines}  Run "haft lock" or "haft sync"\n`,
  );
}
