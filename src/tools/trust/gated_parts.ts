import type { Project } from "../project/load_project.ts";
import type { GatedParts } from "./trust_store.ts";

/** What of a project's nearest haft.toml can make haft run code; undefined when there is no haft.toml. */
export function gatedParts(
  project: Pick<Project, "manifestPath" | "requests" | "env">,
): GatedParts | undefined {
  const { manifestPath, requests, env } = project;
  if (manifestPath === undefined) return undefined;
  const installEnv = Object.fromEntries(
    requests.filter((request) => Object.keys(request.installEnv).length > 0)
      .map((request) => [request.name, request.installEnv]),
  );
  return {
    path: manifestPath,
    parts: {
      ...(Object.keys(env).length > 0 ? { env } : {}),
      ...(Object.keys(installEnv).length > 0 ? { install_env: installEnv } : {}),
    },
  };
}
