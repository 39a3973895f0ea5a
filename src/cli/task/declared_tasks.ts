import { relative } from "node:path";
import type { UsageError } from "../../base/errors.ts";
import { foreignDirectories } from "../../tasks/foreign_directories.ts";
import { withTaskScope } from "../../tasks/task_scope.ts";
import type { Context } from "../command.ts";

/** A task as a list shows it. */
export interface DeclaredTask {
  name: string;
  aliases: readonly string[];
  description: string | undefined;
  /** The file that declares it, as seen from the working directory. */
  source: string;
  hidden: boolean;
}

/**
 * The tasks that a directory sees: its project's, those of the projects above, and those of other programs'
 * files.
 *
 * @param onWrong hears of each task that cannot run
 * @throws {UsageError} where not one of them can
 */
export async function declaredTasks(
  context: Context,
  { hidden = false, onWrong }: { hidden?: boolean; onWrong?: (error: UsageError) => void } = {},
): Promise<DeclaredTask[]> {
  const found = new Map<string, DeclaredTask>();
  const projects = await withTaskScope(context.cwd, context, {
    use: (scope) => scope.projects,
    remember: false,
  });
  const { foreignProjects } = await import("../../tasks/foreign/foreign_tasks.ts");
  const others = foreignProjects(foreignDirectories(context.cwd, projects), context);
  for (const { tasks, manifest } of [...projects, ...others]) {
    for (const [name, { aliases, description, hide }] of tasks) {
      if (found.has(name)) continue;
      const source = relative(context.cwd, manifest);
      found.set(name, { name, aliases, description, source, hidden: hide });
    }
  }
  const wrong = new Set(projects.flatMap((project) => [...project.wrong?.values() ?? []]));
  const [first] = wrong;
  if (found.size === 0 && first !== undefined) throw first;
  for (const error of wrong) onWrong?.(error);
  return [...found.values()].filter((task) => hidden || !task.hidden);
}
