import { type Env, envValue } from "../base/env.ts";
import { errorMessage, HaftError, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { InstallProgress } from "../protocol/install.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { forEachLimited } from "../sync/for_each_limited.ts";
import { installHere } from "../sync/install_here.ts";
import { readLock, readTextIfAny } from "../tools/lockfile/read_lock_file.ts";
import { Tally } from "../sync/tally.ts";
import { createToolServices } from "../sync/tool_services.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import { lockMatches } from "../tools/lockfile/lock_matches.ts";
import { dependenciesLockPath } from "../tools/lockfile/lock_paths.ts";
import type { LockedTool } from "../tools/lockfile/locked_tool.ts";
import { loadProject } from "../tools/project/load_project.ts";
import type { ToolRequest } from "../tools/request.ts";
import { installConfig, toolStoreId } from "../tools/resolve/install_config.ts";
import { resolveTool } from "../tools/resolve/resolve_tool.ts";
import { reportOutcome } from "../ui/report_outcome.ts";
import type { Context } from "./command.ts";
import type { InstallCommandOptions, InstallTarget } from "./install.ts";
import { syncAudience } from "./sync_observer.ts";

type PersonOptions = Extract<InstallCommandOptions, { kind: "person" }>;

/** In one process, where each has its own download and one CPU unpacks. */
const AT_ONCE = 4;

/**
 * `haft install` without a channel: the same work in this process. Prints where each tool is, on a terminal with what
 * happened, elsewhere the paths alone, so that a script can use them.
 */
export async function installForPerson(options: PersonOptions, context: Context): Promise<ExitCode> {
  const { paths, stdout, stderr, home, signal } = context;
  const project = loadProject(context.cwd, context);
  const extra = await deprecatedOptions(context);
  const jobs = labelled(options.tools).map(([label, target]) => ({
    label,
    ...plan(target, { project, extra }),
  }));
  if (jobs.some(({ request }) => Object.keys(request.installEnv).length > 0)) {
    const { requireProjectTrust } = await import("./project_trust.ts");
    requireProjectTrust(context, project);
  }
  const services = await createToolServices({
    ...context,
    projectDir: project.root,
    offline: options.offline,
    mirrors: project.mirrors,
  });
  const audience = syncAudience(context, { json: options.json, quiet: false });
  const tally = new Tally();
  const installed = new Map<string, string>();
  const emit = (event: SyncEvent) => {
    tally.add(event);
    audience.event(event);
  };
  const begun = performance.now();
  emit({
    type: "sync.started",
    root: project.root,
    tools: jobs.map(({ label, request }) => ({ tool: label, request: request.version })),
    jobs: AT_ONCE,
  });
  await forEachLimited(jobs, { limit: AT_ONCE, signal }, async ({ label, request, locked }) => {
    let version: string | null = null;
    try {
      const known = locked ?? await resolve(label, request);
      version = known.version;
      installed.set(label, await installOne(label, request, known));
    } catch (error) {
      if (signal.aborted) return;
      const next = error instanceof HaftError ? error.next ?? null : null;
      emit({ type: "tool.failed", tool: label, version, error: errorMessage(error), next });
    }
  });
  for (const { label } of jobs) {
    if (!tally.settled(label)) emit({ type: "tool.cancelled", tool: label, version: tally.version(label) });
  }
  const duration_ms = Math.round(performance.now() - begun);
  emit({ type: "sync.finished", ok: tally.ok, ...tally.counts, duration_ms, store: paths.store });
  await audience.close();
  if (!options.json) {
    await reportOutcome(audience.state, { stdout, stderr, home, quiet: !stdout.isTTY });
    if (!stdout.isTTY) {
      for (const { label } of jobs) {
        const path = installed.get(label);
        if (path !== undefined) await stdout.write(`${path}\n`);
      }
    }
  }
  if (signal.aborted) return ExitCode.interrupted;
  return tally.ok ? ExitCode.ok : ExitCode.failed;

  async function resolve(tool: string, request: ToolRequest): Promise<LockedTool> {
    emit({ type: "tool.resolving", tool, request: request.version });
    return await resolveTool(request, { ...services, signal });
  }

  async function installOne(tool: string, request: ToolRequest, locked: LockedTool): Promise<string> {
    const { version } = locked;
    const file = dependenciesLockPath(project.lockPath, toolStoreId(request));
    const config = installConfig(request, locked, {
      platform: hostPlatform(),
      projectDir: project.root,
      force: options.force,
      offline: options.offline,
      dependenciesLock: locked.kind === "js" ? readTextIfAny(file) ?? null : null,
    });
    const start = performance.now();
    let bytes = 0;
    emit({ type: "tool.queued", tool, version });
    const report = (progress: InstallProgress) => {
      if (progress.state === "downloading") bytes = Math.max(bytes, progress.bytes_downloaded);
      emit({ type: "tool.progress", tool, version, progress });
    };
    const result = await installHere(config, { ...context, services, report });
    emit({
      type: "tool.installed",
      tool,
      version,
      path: result.path,
      bytes,
      duration_ms: Math.round(performance.now() - start),
      already_installed: result.alreadyInstalled,
    });
    return result.path;
  }
}

/** Each target with what it is called in the report: its name, or name and version where a name is asked for twice. */
function labelled(targets: readonly InstallTarget[]): [string, InstallTarget][] {
  const spec = ({ name, version }: InstallTarget) => version === undefined ? name : `${name}@${version}`;
  const different = [...new Map(targets.map((target) => [spec(target), target])).values()];
  return different.map((target) => {
    const alone = different.filter(({ name }) => name === target.name).length === 1;
    return [alone ? target.name : spec(target), target];
  });
}

interface PlanContext {
  project: ReturnType<typeof loadProject>;
  extra: Record<string, unknown>;
}

/** What the target is a request for, and what the project's lock file says of it, if it does. */
function plan(
  target: InstallTarget,
  { project, extra }: PlanContext,
): { request: ToolRequest; locked: LockedTool | undefined } {
  const own = project.requests.find(({ name }) => name === target.name);
  const commandLine = { file: "the command line", key: target.name };
  const base: ToolRequest = own ?? {
    name: target.name,
    version: "latest",
    options: {},
    installEnv: {},
    decidedBy: commandLine,
  };
  const request: ToolRequest = {
    ...base,
    ...(target.version === undefined ? {} : { version: target.version, decidedBy: commandLine }),
    options: { ...base.options, ...extra },
  };
  // A person who names a tool wants it here.
  delete request.os;
  if (own === undefined) return { request, locked: undefined };
  const { tools } = readLock(project.lockPath).lock;
  const locked = Object.hasOwn(tools, request.name) ? tools[request.name] : undefined;
  return { request, locked: locked !== undefined && lockMatches(request, locked) ? locked : undefined };
}

const DEPRECATED = "HAFT_TOOL_OPTIONS";

/** The options that older scripts pass in the environment. */
async function deprecatedOptions(
  { env, stderr }: { env: Env; stderr: Context["stderr"] },
): Promise<Record<string, unknown>> {
  const text = envValue(env, DEPRECATED);
  if (text === undefined) return {};
  await stderr.write(
    `Warning: ${DEPRECATED} is deprecated\n  Write the options in haft.toml, under [tools.NAME.options]\n`,
  );
  const next = `Set it to a JSON object such as '{"key": "value"}', or unset it`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${DEPRECATED} is not JSON: ${errorMessage(error)}`, { next, cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`${DEPRECATED} is not a JSON object`, { next });
  }
  return { ...value };
}
