import type { projectMethods } from "../../protocol/methods/project_methods.ts";
import type { Handlers } from "../method_table.ts";
import type { ProjectService } from "../services/project_service.ts";

/** Methods about what a project's files say. */
export function projectHandlers(service: () => Promise<ProjectService>): Handlers<typeof projectMethods> {
  return {
    "project.check": async ({ path, text }) => (await service()).check(path, text),
    "project.tasks": async ({ cwd }) => (await service()).tasks(cwd),
    "project.trust": async ({ cwd }) => (await service()).trust(cwd),
    "project.grant": async ({ cwd, digest }) => (await service()).grant(cwd, digest),
  };
}
