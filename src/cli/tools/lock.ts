import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { planLayer } from "../../sync/plan_lock.ts";
import { lockedLayers, projectResolver } from "../../sync/project_sync.ts";
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

type CheckedLayer = ReturnType<typeof lockedLayers>[number];

export const command: Command<LockOptions> = {
  usage: [""],
  flags: [
    { name: "check", description: "Change nothing; exit 1 if haft.lock is not up to date" },
    { name: "offline", description: "Use only what is in the cache" },
    { name: "json", description: "Print JSON: {path, changes: [{tool, reason}], outer: [{path, changes}]}" },
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
  const layers = checkoutLayers(project);
  const [first, ...others] = layers;
  const reports = [reportOf(first, options), ...others.map((layer) => reportOf(layer, options))] as const;
  let ok = true;
  for (const [index, layer] of layers.entries()) {
    if (reports[index]?.changes.length === 0) continue;
    ok = !options.check && await write(layer, { project, options, context }) && ok;
  }
  const [{ path, changes }, ...around] = reports;
  if (options.json) {
    const report = { path, changes, ...(around.length === 0 ? {} : { outer: around }) };
    await context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else if (project.tools.length === 0 && reports.every((report) => report.changes.length === 0)) {
    await context.stderr.write(nothingHereText("tools"));
  } else for (const report of reports) await say(report, { ...options, ok }, context);
  return ok ? ExitCode.ok : ExitCode.failed;
}

/** The lock files of this checkout: the project's own, and those of the projects around it. */
function checkoutLayers(project: Project): readonly [CheckedLayer, ...CheckedLayer[]] {
  const [own, ...others] = lockedLayers(project);
  return [own, ...others.filter(({ owner }) => owner === "checkout")];
}

/** Entries of outer projects' tools, which an older haft wrote, are taken out, and are no error. */
function reportOf(layer: CheckedLayer, { check }: Pick<LockOptions, "check">): LockReport {
  const { lock } = readLock(layer.lockPath);
  const { changes, impossible, moved } = planLayer(layer, { lock, platform: hostPlatform() });
  const unknown = impossible.map(({ request, error }) => ({ tool: request.name, reason: error.message }));
  const outside = moved.map((tool) => ({ tool, reason: "locked outside of this project" }));
  return { path: layer.lockPath, changes: [...changes, ...unknown, ...(check ? [] : outside)] };
}

async function write(
  layer: CheckedLayer,
  { project, options, context }: { project: Project; options: LockOptions; context: Context },
): Promise<boolean> {
  let failed = false;
  await updateLock({
    project: layer,
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
  return !failed && reportOf(layer, options).changes.length === 0;
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
