import { type Env, envValue } from "../base/env.ts";
import { errorMessage, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { InstallOne } from "../sync/install_all.ts";
import { installHere } from "../sync/install_here.ts";
import { installTargets } from "../sync/install_targets.ts";
import { createToolServices, type ToolServices } from "../sync/tool_services.ts";
import { loadProject, type Project } from "../tools/project/load_project.ts";
import { resolveTool } from "../tools/resolve/resolve_tool.ts";
import { reportOutcome } from "../ui/report_outcome.ts";
import type { Context } from "./command.ts";
import type { InstallCommandOptions } from "./install.ts";
import { syncAudience } from "./sync_observer.ts";
import { updateShims } from "./update_shims.ts";

type PersonOptions = Extract<InstallCommandOptions, { kind: "person" }>;

/** In one process, where each has its own download and one CPU unpacks. */
const AT_ONCE = 4;

/**
 * `haft install` without a channel: the same work in this process. Prints where each tool is, on a terminal with what
 * happened, elsewhere the paths alone, so that a script can use them.
 */
export async function installForPerson(options: PersonOptions, context: Context): Promise<ExitCode> {
  const { paths, stdout, stderr, home, signal } = context;
  const { force, offline } = options;
  const project = loadProject(context.cwd, context);
  const extra = await deprecatedOptions(context);
  await requireTrust(options, project, context);
  const services = await createToolServices({
    ...context,
    projectDir: project.root,
    offline,
    mirrors: project.mirrors,
  });
  const audience = syncAudience(context, { json: options.json, quiet: false });
  const { ok, installed } = await installTargets({
    targets: options.tools,
    extra,
    force,
    offline,
    jobs: AT_ONCE,
  }, {
    project,
    paths,
    signal,
    resolve: (request) => resolveTool(request, { ...services, signal }),
    install: inThisProcess(services, context),
    emit: (event) => audience.event(event),
  });
  await audience.close();
  await updateShims(context, { changed: installed.some(({ alreadyInstalled }) => !alreadyInstalled) });
  if (!options.json) {
    await reportOutcome(audience.state, { stdout, stderr, home, quiet: !stdout.isTTY });
    if (!stdout.isTTY) await stdout.write(installed.map(({ path }) => `${path}\n`).join(""));
  }
  if (signal.aborted) return ExitCode.interrupted;
  return ok ? ExitCode.ok : ExitCode.failed;
}

function inThisProcess(services: ToolServices, context: Context): InstallOne {
  return async (config, { signal, onProgress }) => {
    const { path, alreadyInstalled } = await installHere(config, {
      ...context,
      signal,
      services,
      report: onProgress,
    });
    return {
      state: "completed",
      tool: config.tool_name,
      version: config.version,
      install_path: path,
      already_installed: alreadyInstalled,
      dependencies_lock: null,
    };
  };
}

/** Variables of an install step can make an installer run code. */
async function requireTrust({ tools }: PersonOptions, project: Project, context: Context): Promise<void> {
  const named = new Set(tools.map(({ name }) => name));
  const asking = project.requests.filter(({ name }) => named.has(name));
  if (asking.every(({ installEnv }) => Object.keys(installEnv).length === 0)) return;
  const { requireProjectTrust } = await import("../tools/trust/project_trust.ts");
  requireProjectTrust(context, project);
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
