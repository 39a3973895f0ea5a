import type { ProjectFiles } from "./project_files.ts";
import type { GatedParts } from "../trust/trust_store.ts";

/**
 * What of a project can make haft run code, or send the user's secrets somewhere; undefined when it has
 * neither a haft.toml nor an .npmrc about registries.
 *
 * @param npmrc the project's .npmrc, when it says something about registries
 */
export function gatedParts(
  files: Pick<ProjectFiles, "manifestPath" | "requests" | "env" | "apps" | "backends" | "tasks" | "settings">,
  npmrc?: { path: string; text: string },
): GatedParts | undefined {
  const { manifestPath, requests, env, apps, backends, tasks, settings } = files;
  const path = manifestPath ?? npmrc?.path;
  if (path === undefined) return undefined;
  const withVariables = requests.filter(({ installEnv }) => Object.keys(installEnv).length > 0);
  const installEnv = Object.fromEntries(withVariables.map((request) => [request.name, request.installEnv]));
  return {
    path,
    files: [
      ...new Set([
        path,
        ...withVariables.map(({ decidedBy }) => decidedBy.file),
        ...(npmrc === undefined ? [] : [npmrc.path]),
      ]),
    ],
    parts: {
      ...(Object.keys(env).length > 0 ? { env } : {}),
      ...(Object.keys(apps).length > 0 ? { apps } : {}),
      ...(Object.keys(backends).length > 0 ? { backends } : {}),
      ...(Object.keys(tasks).length > 0 ? { tasks } : {}),
      ...(withVariables.length > 0 ? { install_env: installEnv } : {}),
      ...(settings.remote_dependencies === true ? { remote_dependencies: true } : {}),
      ...(npmrc === undefined ? {} : { npmrc: npmrc.text }),
    },
  };
}
