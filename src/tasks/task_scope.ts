import { resolve } from "node:path";
import type { UserContext } from "../tools/project/project.ts";
import { readKnownTasks } from "./known_tasks.ts";
import type { ProjectTasks, TaskScope } from "./project_tasks.ts";

/** Another directory's project is needed, and is not remembered. */
class NotRemembered extends Error {}

/**
 * Uses what a directory sees: as it is remembered where that is enough, else as its files say.
 *
 * @param use may be called twice
 * @param remember whether what was read may be kept for the next time
 */
export async function withTaskScope<T>(
  cwd: string,
  user: UserContext,
  { use, remember }: { use: (scope: TaskScope) => T; remember: boolean },
): Promise<T> {
  const projects = readKnownTasks(cwd, user);
  if (projects !== undefined) {
    try {
      return use({ directory: cwd, projects, open: (directory) => knownProjects(directory, user) });
    } catch (error) {
      if (!(error instanceof NotRemembered)) throw error;
    }
  }
  const { readTaskScope } = await import("./read_tasks.ts");
  return use(readTaskScope(cwd, user, { remember: remember && projects === undefined }));
}

function knownProjects(path: string, user: UserContext): readonly ProjectTasks[] {
  const projects = readKnownTasks(resolve(path), user);
  if (projects === undefined) throw new NotRemembered(path);
  return projects;
}
