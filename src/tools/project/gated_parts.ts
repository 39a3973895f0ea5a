import { join } from "node:path";
import { BUILDS_PART, ENV_FILES_PART, type GatedParts, NPMRC_PART } from "../trust/trust_store.ts";
import type { ProjectSettings } from "../manifest/manifest_schema.ts";
import { envFiles, gatedVariables } from "./code_variables.ts";
import type { ToolDefinition } from "../catalogue/definition.ts";
import { toolSource } from "../catalogue/tool_source.ts";
import { sourceOf, type ToolSource } from "../sources/sources.ts";
import type { ToolRequest } from "../request.ts";
import { type ProjectFiles, projectRequests } from "./project_files.ts";

/**
 * What of a project counts only once it is trusted: it can run code, or send the user's secrets somewhere.
 */
export function gatedParts(
  files: Pick<
    ProjectFiles,
    | "root"
    | "manifestPath"
    | "requests"
    | "env"
    | "foreignEnv"
    | "foreignEnvFile"
    | "local"
    | "outer"
    | "apps"
    | "backends"
    | "tasks"
    | "includes"
    | "settings"
    | "mirrors"
    | "registry"
  >,
): GatedParts {
  const { foreignEnv, foreignEnvFile } = files;
  const { root, manifestPath, env, apps, backends, tasks, mirrors, registry } = files;
  const npmrc = join(root, ".npmrc");
  const path = manifestPath ?? foreignEnvFile ?? npmrc;
  const requests = projectRequests(files);
  const withVariables = requests.filter(({ installEnv }) => Object.keys(installEnv).length > 0);
  const named = envFiles(files);
  const variables = gatedVariables(named.keys());
  const definitions = requests.flatMap((request) => {
    const part = sourceCode(request);
    return part === undefined ? [] : [{ request, part }];
  });
  const withCommand = requests.filter(({ options }) => options.postinstall !== undefined);
  const parts = {
    env: { ...foreignEnv, ...env },
    apps,
    backends,
    tasks,
    install_env: Object.fromEntries(withVariables.map((request) => [request.name, request.installEnv])),
    options: Object.fromEntries(withCommand.map((request) => [request.name, request.options])),
    [BUILDS_PART]: Object.fromEntries(definitions.map(({ request, part }) => [request.name, part])),
    settings: gatedSettings(files.settings),
    mirrors,
    [NPMRC_PART]: registry,
    [ENV_FILES_PART]: Object.fromEntries([...variables].map(([path, part]) => [named.get(path), part])),
  };
  const inManifest = manifestPath === undefined ? [] : [manifestPath];
  const origins = {
    env: [
      ...(Object.keys(env).length > 0 ? inManifest : []),
      ...(foreignEnvFile === undefined ? [] : [foreignEnvFile]),
    ],
    install_env: withVariables.map(({ decidedBy }) => decidedBy.file),
    options: withCommand.map(({ decidedBy }) => decidedBy.file),
    [BUILDS_PART]: definitions.map(({ request: { decidedBy } }) => decidedBy.file),
  };
  const deciding = [
    ...[...withVariables, ...withCommand].map(({ decidedBy }) => decidedBy.file),
    ...definitions.flatMap((
      { request: { decidedBy, definition } },
    ) => [decidedBy.file, ...definition === null ? [] : [definition.file]]),
  ];
  return {
    path,
    files: [
      ...new Set([
        path,
        ...(foreignEnvFile === undefined ? [] : [foreignEnvFile]),
        ...deciding,
        ...files.includes.files,
        ...(registry.length > 0 ? [npmrc] : []),
        ...variables.keys(),
      ]),
    ],
    parts: Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0)),
    origins,
  };
}

/** Settings that can do no harm; every other one may run code, or fetch from elsewhere. */
const HARMLESS: ReadonlySet<string> = new Set(["jobs", "stall_timeout", "version_files"]);

/** The settings that need trust. One that is `false` only takes a permission back. */
export function gatedSettings(settings: ProjectSettings): Partial<ProjectSettings> {
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => !HARMLESS.has(name) && value !== false),
  );
}

/**
 * Whether installing the tool may run what the project says, or the tool then what the project says of it.
 */
export function installRunsCode(request: ToolRequest): boolean {
  return Object.keys(request.installEnv).length > 0 || request.options.postinstall !== undefined ||
    sourceCode(request) !== undefined;
}

/**
 * What of a tool's source runs code that only the project vouches for: a build that runs code of the package,
 * and variables that a definition sets for whatever runs. The user's own definitions are the user's word.
 */
function sourceCode(request: ToolRequest): Record<string, unknown> | undefined {
  const { definition } = request;
  if (definition?.isUsers === true || (definition === null && !request.name.includes(":"))) return undefined;
  const source = sourceIfKnown(request);
  if (source === undefined) return undefined;
  const { runsCode = false, subject } = sourceOf(source.source);
  const variables = definition === null ? {} : variablesIn(source);
  if (!runsCode && Object.keys(variables).length === 0) return undefined;
  return {
    ...(runsCode ? { [source.source]: subject(source) } : {}),
    ...(Object.keys(variables).length > 0 ? { env: variables } : {}),
  };
}

function sourceIfKnown(request: ToolRequest): ToolSource | undefined {
  try {
    return toolSource(request);
  } catch {
    // A name or a source that haft does not know: the sync says so, and installs nothing.
    return undefined;
  }
}

/** Those that any of a definition's builds sets. */
function variablesIn(source: ToolSource): Record<string, string> {
  const builds: readonly object[] = "builds" in source ? source.builds ?? [] : [];
  return Object.assign(
    {},
    ...builds.map((build) => "env" in build && typeof build.env === "object" ? build.env : {}),
  );
}

/** The request without what needs trust. */
export function withoutCode(request: ToolRequest): ToolRequest {
  const { postinstall: _command, ...options } = request.options;
  return { ...request, installEnv: {}, options, definition: withoutVariables(request.definition) };
}

/** The definition as it counts before trust: another one, with a place of its own in the store. */
function withoutVariables(definition: ToolDefinition | null): ToolDefinition | null {
  if (definition === null || definition.isUsers) return definition;
  const sources = definition.entry.sources.map((source) => {
    const copy = structuredClone(source);
    const builds: readonly object[] = "builds" in copy ? copy.builds ?? [] : [];
    for (const build of builds) if ("env" in build) delete build.env;
    return copy;
  });
  return { ...definition, entry: { ...definition.entry, sources } };
}

/** Whether a project's definition of the tool sets variables for what runs. */
export function definesVariables(request: ToolRequest): boolean {
  return sourceCode(request)?.["env"] !== undefined;
}

/** Whether an install of the tool runs code of a package that only the project names. */
export function buildRunsCode(request: ToolRequest): boolean {
  const code = sourceCode(request);
  return code !== undefined && Object.keys(code).some((what) => what !== "env");
}
