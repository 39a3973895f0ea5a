import type { ProjectFiles } from "../project/project_files.ts";
import type { GatedParts } from "./trust_store.ts";

/** What of a project's nearest haft.toml can make haft run code; undefined when there is no haft.toml. */
export function gatedParts(
  files: Pick<ProjectFiles, "manifestPath" | "requests" | "env" | "apps" | "backends" | "tasks">,
): GatedParts | undefined {
  const { manifestPath, requests, env, apps, backends, tasks } = files;
  if (manifestPath === undefined) return undefined;
  const withVariables = requests.filter(({ installEnv }) => Object.keys(installEnv).length > 0);
  const installEnv = Object.fromEntries(withVariables.map((request) => [request.name, request.installEnv]));
  return {
    path: manifestPath,
    files: [...new Set([manifestPath, ...withVariables.map(({ decidedBy }) => decidedBy.file)])],
    parts: {
      ...(Object.keys(env).length > 0 ? { env } : {}),
      ...(Object.keys(apps).length > 0 ? { apps } : {}),
      ...(Object.keys(backends).length > 0 ? { backends } : {}),
      ...(Object.keys(tasks).length > 0 ? { tasks } : {}),
      ...(withVariables.length > 0 ? { install_env: installEnv } : {}),
    },
  };
}
