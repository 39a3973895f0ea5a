import { join } from "node:path";
import { ENV_FILES_PART, type GatedParts, NPMRC_PART } from "../trust/trust_store.ts";
import type { Settings } from "../manifest/manifest_schema.ts";
import { envFiles, gatedVariables } from "./code_variables.ts";
import type { ToolRequest } from "../request.ts";
import type { ProjectFiles } from "./project_files.ts";

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
  const requests = [...files.requests, ...files.local.requests];
  const withVariables = requests.filter(({ installEnv }) => Object.keys(installEnv).length > 0);
  const named = envFiles(files);
  const variables = gatedVariables(named.keys());
  const withCommand = requests.filter(({ options }) => options.postinstall !== undefined);
  const parts = {
    env: { ...foreignEnv, ...env },
    apps,
    backends,
    tasks,
    install_env: Object.fromEntries(withVariables.map((request) => [request.name, request.installEnv])),
    options: Object.fromEntries(withCommand.map((request) => [request.name, request.options])),
    settings: gatedSettings(files.settings),
    mirrors,
    [NPMRC_PART]: registry,
    [ENV_FILES_PART]: Object.fromEntries([...variables].map(([path, part]) => [named.get(path), part])),
  };
  const deciding = [...withVariables, ...withCommand].map(({ decidedBy }) => decidedBy.file);
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
  };
}

/** Settings that can do no harm; every other one may run code, or fetch from elsewhere. */
const HARMLESS: ReadonlySet<string> = new Set(["jobs", "stall_timeout", "version_files"]);

/** The settings that need trust. One that is `false` only takes a permission back. */
export function gatedSettings(settings: Settings): Partial<Settings> {
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => !HARMLESS.has(name) && value !== false),
  );
}

/** Whether installing the tool may run what the project says. */
export function installRunsCode({ installEnv, options }: ToolRequest): boolean {
  return Object.keys(installEnv).length > 0 || options.postinstall !== undefined;
}

/** The request without what needs trust. */
export function withoutCode(request: ToolRequest): ToolRequest {
  const { postinstall: _command, ...options } = request.options;
  return { ...request, installEnv: {}, options };
}
