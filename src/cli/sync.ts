import { UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import {
  DEFAULT_JOBS,
  DEFAULT_STALL_SECONDS,
  type ProjectSyncOptions,
  syncProject,
} from "../sync/project_sync.ts";
import type { SourceName } from "../protocol/artifact.ts";
import { openProject } from "../tools/project/project.ts";
import { reportOutcome } from "../ui/report_outcome.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { printWarning } from "./print_warning.ts";
import { syncAudience } from "./sync_observer.ts";

export interface SyncCommandOptions extends ProjectSyncOptions {
  json: boolean;
  quiet: boolean;
}

const MOST_JOBS = 64;

export const command: Command<SyncCommandOptions> = {
  usage: [""],
  flags: [
    { name: "check", description: "Change nothing; exit 1 if a tool is missing or differs" },
    { name: "dry-run", short: "n", description: "Show what would be installed" },
    { name: "force", short: "f", description: "Install again what is there" },
    { name: "locked", description: "Fail if haft.lock would change" },
    { name: "jobs", short: "j", value: "N", description: `Tools at a time (default: ${DEFAULT_JOBS})` },
    { name: "offline", description: "Use only what is in the store and the cache" },
    { name: "fail-fast", description: "Stop at the first failure" },
    { name: "json", description: "Print every event as a line of JSON" },
    { name: "quiet", short: "q", description: "Print failures only" },
    {
      name: "stall-timeout",
      value: "SECONDS",
      description: `Give up on a tool that makes no progress for so long (default: ${DEFAULT_STALL_SECONDS})`,
    },
  ],
  examples: ["haft sync", "haft sync --locked --jobs 4", "haft sync --check --quiet"],
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): SyncCommandOptions {
  const [extra] = [...positional, ...rest];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, {
      next: `"haft sync" installs the whole project; for one tool run "haft install ${extra}"`,
    });
  }
  return {
    mode: flags.has("check") ? "check" : flags.has("dry-run") ? "dry-run" : "install",
    jobs: numberFlag(flags, "jobs", { max: MOST_JOBS }),
    force: flags.has("force"),
    locked: flags.has("locked"),
    offline: flags.has("offline"),
    failFast: flags.has("fail-fast"),
    json: flags.has("json"),
    quiet: flags.has("quiet"),
    stallTimeout: numberFlag(flags, "stall-timeout", { max: 86_400 }),
  };
}

function numberFlag(
  flags: ParsedArgs["flags"],
  name: string,
  { max }: { max: number },
): number | undefined {
  const text = flags.get(name);
  if (text === undefined) return undefined;
  const value = typeof text === "string" && /^[0-9]+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new UsageError(`Invalid value "${text}" for --${name}`, {
    next: `Give a whole number from 1 to ${max}`,
  });
}

async function run(options: SyncCommandOptions, context: Context): Promise<ExitCode> {
  const { stdout, stderr, home, signal } = context;
  const project = openProject(context.cwd, context);
  const audience = syncAudience(context, options);
  const otherSources = new Map<string, SourceName>();
  let ok: boolean;
  try {
    ({ ok } = await syncProject(project, options, {
      user: context,
      signal,
      emit(event) {
        if (event.type === "tool.failed" && event.other_source !== undefined) {
          otherSources.set(event.tool, event.other_source);
        }
        audience.event(event);
      },
      onWarning: printWarning(context),
    }));
  } finally {
    await audience.close();
  }
  const { manifestPath, apps, tasks, backends } = project.files;
  const unread = [apps, tasks, backends].some((part) => Object.keys(part).length > 0);
  // Sync reads [tools] alone, and is where a mistake in the other sections is met first, in CI as well.
  if (manifestPath !== undefined && (unread || !ok)) {
    const { warnOfProblems } = await import("./check/problem_lines.ts");
    await warnOfProblems(manifestPath, context);
  }
  if (!options.json) await reportOutcome(audience.state, { stdout, stderr, home, quiet: options.quiet });
  if (signal.aborted) return ExitCode.interrupted;
  if (otherSources.size > 0 && options.mode === "install" && !options.json) {
    const { offerOtherSources } = await import("./offer_other_source.ts");
    if (await offerOtherSources(otherSources, project, context)) return await run(options, context);
  }
  return ok ? ExitCode.ok : ExitCode.failed;
}
