import { UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { type KnownSync, readKnownSync } from "../sync/known_sync.ts";
import { DEFAULT_JOBS, DEFAULT_STALL_SECONDS } from "../sync/sync_defaults.ts";
import { updateShims } from "../sync/update_shims.ts";
import { terminalText } from "../ui/terminal_text.ts";
import { plainOutcome, reportOutcome } from "../ui/report_outcome.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { printWarning } from "./print_warning.ts";
import type { SyncCommandOptions } from "./sync_from_project.ts";
import { syncAudience } from "./sync_observer.ts";

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
  const known = options.force ? undefined : readKnownSync(context);
  if (known !== undefined) return await tellKnown(known, options, context);
  const { syncFromProject } = await import("./sync_from_project.ts");
  return await syncFromProject(options, context);
}

/** What the last sync found is still so: there is nothing to do. */
async function tellKnown(
  known: KnownSync,
  options: SyncCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const { stdout, stderr, home, signal } = context;
  const begun = performance.now();
  const asOf = Date.now();
  const audience = syncAudience(context, options);
  const isComplete = options.mode === "install" &&
    await updateShims(context, { changed: false, onWarning: printWarning(context) });
  for (const event of known.events) {
    audience.event(
      event.type === "sync.started"
        ? { ...event, jobs: options.jobs ?? event.jobs }
        : event.type === "sync.finished"
        ? { ...event, duration_ms: Math.round(performance.now() - begun) }
        : event,
    );
  }
  await audience.close();
  if (!options.json) await reportOutcome(audience.state, { stdout, stderr, home, quiet: options.quiet });
  if (isComplete && !options.json && !options.quiet && context.platform === "linux") {
    const screen = stdout.isTTY ? { columns: stdout.columns, color: stdout.color } : undefined;
    const text = terminalText(plainOutcome(audience.state, { home, screen }), stdout);
    const { rememberPlainSync } = await import("../sync/remember_plain_sync.ts");
    rememberPlainSync(known, { text, screen, asOf }, context);
  }
  return signal.aborted ? ExitCode.interrupted : ExitCode.ok;
}
