import { HaftError, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { runSync, type SyncFinished, type SyncOptions } from "../sync/run_sync.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import { loadProject, type Project } from "../tools/project/load_project.ts";
import { Store } from "../tools/store/store.ts";
import { reportOutcome } from "../ui/report_outcome.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { syncAudience } from "./sync_observer.ts";
import { updateShims } from "./update_shims.ts";

export interface SyncCommandOptions extends Omit<SyncOptions, "jobs"> {
  json: boolean;
  quiet: boolean;
  /** Tools at a time; the project's or the user's setting when undefined. */
  jobs: number | undefined;
  /** Seconds without progress after which a tool's install counts as hung; the setting when undefined. */
  stallTimeout: number | undefined;
}

const DEFAULT_JOBS = 8;
const MOST_JOBS = 64;
const DEFAULT_STALL_SECONDS = 60;

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
  const { paths, stdout, stderr, home, signal } = context;
  const project = projectOf(context);
  const { settings } = project;
  const jobs = options.jobs ?? settings.jobs ?? DEFAULT_JOBS;
  const silence = 1000 * (options.stallTimeout ?? settings.stall_timeout ?? DEFAULT_STALL_SECONDS);
  if (options.mode === "install") await requireInstallTrust(project, context);
  const audience = syncAudience(context, options);
  let finished: SyncFinished;
  try {
    finished = await runSync({ ...options, jobs }, {
      project,
      platform: hostPlatform(),
      store: new Store(paths),
      paths,
      signal,
      emit: (event) => audience.event(event),
      resolver: async () => {
        const { createResolver } = await import("../sync/real_sync.ts");
        return await createResolver({
          ...context,
          projectDir: project.root,
          offline: options.offline,
          mirrors: project.mirrors,
        });
      },
      installer: async () => {
        const { createInstaller } = await import("../sync/real_sync.ts");
        return createInstaller({ env: context.env, mirrors: project.mirrors, silence });
      },
    });
  } finally {
    await audience.close();
  }
  if (options.mode === "install") await updateShims(context, { changed: finished.installed > 0 });
  if (!options.json) await reportOutcome(audience.state, { stdout, stderr, home, quiet: options.quiet });
  if (signal.aborted) return ExitCode.interrupted;
  return finished.ok ? ExitCode.ok : ExitCode.failed;
}

/** Variables of an install step can make an installer run code. */
async function requireInstallTrust(project: Project, context: Context): Promise<void> {
  if (project.requests.every(({ installEnv }) => Object.keys(installEnv).length === 0)) return;
  const { requireProjectTrust } = await import("../tools/trust/project_trust.ts");
  requireProjectTrust(context, project);
}

function projectOf({ cwd, env, home, paths }: Context) {
  const project = loadProject(cwd, { env, home, paths });
  if (project.manifestPath !== undefined || project.requests.length > 0) return project;
  throw new HaftError(`No haft.toml in "${cwd}" or above it`, { next: 'Run "haft init" to make one' });
}
