import { join } from "node:path";
import { type GatedParts, NPMRC_PART } from "../trust/trust_store.ts";
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
    | "apps"
    | "backends"
    | "tasks"
    | "settings"
    | "mirrors"
    | "registry"
  >,
): GatedParts {
  const { root, manifestPath, requests, env, apps, backends, tasks, mirrors, registry } = files;
  const { auto_install: autoInstall, remote_dependencies: remoteDependencies, shell } = files.settings;
  const npmrc = join(root, ".npmrc");
  const path = manifestPath ?? npmrc;
  const withVariables = requests.filter(({ installEnv }) => Object.keys(installEnv).length > 0);
  const parts = {
    env,
    apps,
    backends,
    tasks,
    install_env: Object.fromEntries(withVariables.map((request) => [request.name, request.installEnv])),
    settings: {
      ...(autoInstall === true ? { auto_install: true } : {}),
      ...(remoteDependencies === true ? { remote_dependencies: true } : {}),
      ...(shell === undefined ? {} : { shell }),
    },
    mirrors,
    [NPMRC_PART]: registry,
  };
  const deciding = withVariables.map(({ decidedBy }) => decidedBy.file);
  return {
    path,
    files: [...new Set([path, ...deciding, ...(registry.length > 0 ? [npmrc] : [])])],
    parts: Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0)),
  };
}
