import * as v from "valibot";
import { type Env, envValue } from "../base/env.ts";
import { errorMessage, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { ToolOptions } from "../protocol/tool_options.ts";
import { installInProject } from "../sync/project_sync.ts";
import { reportOutcome } from "../ui/report_outcome.ts";
import type { Context } from "./command.ts";
import { printWarning } from "./print_warning.ts";
import { projectOrOwn } from "./project_place.ts";
import { syncAudience } from "./sync_observer.ts";
import type { ToolTarget } from "./tool_target.ts";

export interface PersonOptions {
  tools: ToolTarget[];
  force: boolean;
  offline: boolean;
  json: boolean;
}

/**
 * `haft install` without a channel: the same work in this process. On a terminal it prints what happened,
 * elsewhere the tools' paths alone, so that a script can use them.
 */
export async function installForPerson(
  { tools: targets, force, offline, json }: PersonOptions,
  context: Context,
): Promise<ExitCode> {
  const { stdout, stderr, home, signal } = context;
  const project = projectOrOwn(context);
  const extra = project.settings.legacy_env === false ? {} : await deprecatedOptions(context);
  const audience = syncAudience(context, { json, quiet: false });
  const { ok, installed } = await installInProject(
    project,
    { targets, extra, force, offline, where: "here" },
    {
      user: context,
      signal,
      emit: (event) => audience.event(event),
      onWarning: printWarning(context),
    },
  );
  await audience.close();
  if (!json) {
    await reportOutcome(audience.state, { stdout, stderr, home, quiet: !stdout.isTTY });
    if (!stdout.isTTY) await stdout.data(installed.map(({ path }) => `${path}\n`).join(""));
  }
  if (signal.aborted) return ExitCode.interrupted;
  return ok ? ExitCode.ok : ExitCode.failed;
}

const DEPRECATED = "HAFT_TOOL_OPTIONS";

/** The options that older scripts pass in the environment. */
async function deprecatedOptions(
  { env, stderr }: { env: Env; stderr: Context["stderr"] },
): Promise<ToolOptions> {
  const text = envValue(env, DEPRECATED);
  if (text === undefined) return {};
  await stderr.write(
    `Warning: ${DEPRECATED} is deprecated\n  Write the options in haft.toml, under [tools.NAME.options]; ` +
      `"legacy_env = false" under [settings] switches it off\n`,
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
  const result = v.safeParse(ToolOptions, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const option = v.getDotPath(issue) ?? "";
  const wanted = issue.kind === "schema" ? issue.expected : issue.message;
  throw new UsageError(`Option "${option}" in ${DEPRECATED} must be ${wanted}`, { next });
}
