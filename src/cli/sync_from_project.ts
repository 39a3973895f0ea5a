import { ExitCode } from "../base/exit_code.ts";
import type { SourceName } from "../protocol/artifact.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { type ProjectSyncOptions, syncProject } from "../sync/project_sync.ts";
import { rememberSync } from "../sync/remember_sync.ts";
import { fingerprints } from "../tools/project/fingerprint.ts";
import { openProject } from "../tools/project/project.ts";
import { reportOutcome } from "../ui/report_outcome.ts";
import type { Context } from "./command.ts";
import { printWarning } from "./print_warning.ts";
import { syncAudience } from "./sync_observer.ts";

export interface SyncCommandOptions extends ProjectSyncOptions {
  json: boolean;
  quiet: boolean;
}

/** The long way of `haft sync`: reads the project, and installs what is missing. */
export async function syncFromProject(
  options: SyncCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const { stdout, stderr, home, signal } = context;
  const asOf = Date.now();
  const project = openProject(context.cwd, context);
  const files = fingerprints(project.decidingFiles, asOf);
  const audience = syncAudience(context, options);
  const print = printWarning(context);
  const otherSources = new Map<string, SourceName>();
  const events: SyncEvent[] = [];
  let warned = false;
  let ok: boolean;
  try {
    ({ ok } = await syncProject(project, options, {
      user: context,
      signal,
      emit(event) {
        if (event.type === "tool.failed" && event.other_source !== undefined) {
          otherSources.set(event.tool, event.other_source);
        }
        if (event.type !== "tool.progress") events.push(event);
        audience.event(event);
      },
      onWarning(text) {
        warned = true;
        return print(text);
      },
    }));
  } finally {
    await audience.close();
  }
  const { manifestPath, apps, tasks, backends } = project.files;
  const unread = [apps, tasks, backends].some((part) => Object.keys(part).length > 0);
  // Sync reads [tools] alone, and is where a mistake in the other sections is met first, in CI as well.
  let lookedAt: string[] | undefined = [];
  if (manifestPath !== undefined && (unread || !ok)) {
    const { warnOfProblems } = await import("./check/problem_lines.ts");
    lookedAt = await warnOfProblems(manifestPath, context);
  }
  const { mode, force, jobs } = options;
  const isUsual = mode === "install" && !force && jobs === undefined;
  if (ok && isUsual && !warned && lookedAt !== undefined) {
    rememberSync(project, { events, lookedAt, files, asOf }, context);
  }
  if (!options.json) await reportOutcome(audience.state, { stdout, stderr, home, quiet: options.quiet });
  if (signal.aborted) return ExitCode.interrupted;
  if (otherSources.size > 0 && options.mode === "install" && !options.json) {
    const { offerOtherSources } = await import("./offer_other_source.ts");
    if (await offerOtherSources(otherSources, project, context)) {
      return await syncFromProject(options, context);
    }
  }
  return ok ? ExitCode.ok : ExitCode.failed;
}
