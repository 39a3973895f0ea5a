import { relative } from "node:path";
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
 */
export async function declaredTasks(
  context: Context,
  { hidden = false }: { hidden?: boolean } = {},
): Promise<DeclaredTask[]> {
  const found = new Map<string, DeclaredTask>();
  const projects = await withTaskScope(context.cwd, context, {
    use: (scope) => scope.projects,
    remember: false,
  });
  const { foreignProjects } = await import("../../tasks/foreign/foreign_tasks.ts");
  const others = foreignProjects([context.cwd, ...projects.map(({ root }) => root)], context);
  for (const { tasks, manifest } of [...projects, ...others]) {
    for (const [name, { aliases, description, hide }] of tasks) {
      if (found.has(name)) continue;
      const source = relative(context.cwd, manifest);
      found.set(name, { name, aliases, description, source, hidden: hide });
    }
  }
  return [...found.values()].filter((task) => hidden || !task.hidden);
}
