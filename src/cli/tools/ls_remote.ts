import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { projectResolver, projectServices } from "../../sync/project_sync.ts";
import type { Project } from "../../tools/project/project.ts";
import { projectOrOwn } from "../project_place.ts";
import { plainRequest, type ToolRequest } from "../../tools/request.ts";
import { availableVersions } from "../../tools/resolve/resolve_tool.ts";
import { isStableVersion, versionSatisfies } from "../../tools/versions/pick_version.ts";
import { tryParseVersionRequest } from "../../tools/versions/version_request.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { parseToolTarget, type ToolTarget } from "../tool_target.ts";

export interface LsRemoteOptions {
  target: ToolTarget;
  /** Without pre-releases. */
  stable: boolean;
  offline: boolean;
  json: boolean;
}

export const command: Command<LsRemoteOptions> = {
  usage: ["TOOL[@VERSION]", "TOOL VERSION"],
  flags: [
    { name: "stable", description: "Leave out pre-releases" },
    { name: "offline", description: "Use only what is in the cache" },
    { name: "json", description: "Print JSON: a list of versions, oldest first" },
  ],
  examples: ["haft ls-remote node@22", "haft ls-remote uv --stable | tail -1"],
  completes: "catalogue",
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): LsRemoteOptions {
  const [name, version, extra] = [...positional, ...rest];
  if (name === undefined) {
    throw new UsageError("Which tool? None was named", {
      next: 'Write "haft ls-remote node", or "haft ls-remote node@22"',
    });
  }
  const target = parseToolTarget(name);
  if (extra !== undefined || (version !== undefined && target.version !== undefined)) {
    throw new UsageError(`Unexpected argument "${extra ?? version}"`, { next: "Name one tool at a time" });
  }
  return {
    target: { name: target.name, version: target.version ?? version },
    stable: flags.has("stable"),
    offline: flags.has("offline"),
    json: flags.has("json"),
  };
}

async function run({ target, ...options }: LsRemoteOptions, context: Context): Promise<ExitCode> {
  const { version } = target;
  const name = projectOrOwn(context).files.catalogue.canonicalName(target.name);
  const all = await versionsOf(name, options, context);
  const tagged = version !== undefined && tryParseVersionRequest(version)?.kind === "tag"
    ? await taggedVersion({ name, version }, options, context)
    : undefined;
  const versions = all.filter((one) =>
    (version === undefined || one === tagged || versionSatisfies(version, one)) &&
    (!options.stable || isStableVersion(one))
  );
  if (versions.length === 0) {
    throw new HaftError(`No version of "${name}" answers "${version ?? "*"}"`, {
      next: `Run "haft ls-remote ${name}" for all of them`,
    });
  }
  const text = options.json ? `${JSON.stringify(versions, null, 2)}\n` : `${versions.join("\n")}\n`;
  await context.stdout.data(text);
  return ExitCode.ok;
}

/** The version that a tag of the source's means, such as latest. */
async function taggedVersion(
  { name, version }: { name: string; version: string },
  { offline }: { offline: boolean },
  context: Context,
): Promise<string> {
  const project = projectOrOwn(context);
  const ask = await projectResolver(project, { offline }, context);
  return (await ask({ ...requestOf(name, project), version }, context.signal)).version;
}

function requestOf(name: string, { files, requests }: Project): ToolRequest {
  const known = requests.find((request) => request.name === name);
  return {
    decidedBy: { file: "the command line", key: name },
    ...(known ?? plainRequest(files.catalogue.tool(name))),
    version: "latest",
  };
}

/**
 * Every version that a tool's source has, oldest first, as the project has that source.
 *
 * @throws {HaftError} for an unknown tool, and when the source cannot be asked
 */
export async function versionsOf(
  name: string,
  { offline }: { offline: boolean },
  context: Context,
): Promise<string[]> {
  const project = projectOrOwn(context);
  const request = requestOf(name, project);
  const source = project.projectAt(project.layerOf(name)?.root ?? project.root);
  const services = await projectServices(source, { offline }, context);
  return await availableVersions(request, { ...services, signal: context.signal });
}
