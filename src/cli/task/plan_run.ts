import type { ProjectTasks, TaskScope } from "../../tasks/project_tasks.ts";
import { type PlanRequest, planTasks, type TaskPlan, UnknownDependency } from "../../tasks/task_plan.ts";
import { withTaskScope } from "../../tasks/task_scope.ts";
import type { Context } from "../command.ts";

/** A name is none of haft.toml's, so other programs' files have to be read. */
class ForeignWanted extends Error {}

/**
 * The tasks of a command line, of haft.toml and of other programs' files.
 *
 * @throws {UsageError} for an unknown task or parameter
 */
export async function planRun(request: PlanRequest, context: Context): Promise<TaskPlan> {
  try {
    return await withNamedTasks(context, (scope) => planTasks(request, scope));
  } catch (error) {
    if (!(error instanceof UnknownDependency)) throw error;
    const { locatedDependency } = await import("../../tasks/located_dependency.ts");
    throw locatedDependency(error, context);
  }
}

/** Uses what a directory sees; other programs' files are read where a name asks for them. */
export async function withNamedTasks<T>(context: Context, use: (scope: TaskScope) => T): Promise<T> {
  try {
    return await scoped(context, (scope) => use({ ...scope, foreign: wantForeign }));
  } catch (error) {
    if (!(error instanceof ForeignWanted)) throw error;
  }
  const [{ foreignProjects }, { unreadNote }] = await Promise.all([
    import("../../tasks/foreign/foreign_tasks.ts"),
    import("../../tasks/unread_files.ts"),
  ]);
  return await scoped(context, (scope) => {
    const known = new Map<string, readonly ProjectTasks[]>();
    const foreign = (directories: readonly string[]) => {
      const key = directories.join("\0");
      const found = known.get(key) ?? foreignProjects(directories, context);
      known.set(key, found);
      return found;
    };
    const directories = [context.cwd, ...scope.projects.map(({ root }) => root)];
    return use({ ...scope, foreign, elsewhere: (word) => unreadNote(directories, word) });
  });
}

/** Uses what the working directory sees of haft.toml, which is remembered for the next time. */
export function scoped<T>(context: Context, use: (scope: TaskScope) => T): Promise<T> {
  return withTaskScope(context.cwd, context, { use, remember: true });
}

function wantForeign(): never {
  throw new ForeignWanted("other programs' files are needed");
}
