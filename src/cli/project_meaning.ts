import { executablesOf } from "../tools/project/installed_tools.ts";
import { openProject } from "../tools/project/project.ts";
import type { Context } from "./command.ts";
import { declaredTasks } from "./task/declared_tasks.ts";

/**
 * The command that is meant by a word which is no command of haft's, but a task, an app, a tool or an
 * executable of the project at hand. Undefined when it is none, or when haft.toml cannot be read.
 */
export async function projectMeaning(word: string, context: Context): Promise<string | undefined> {
  try {
    const tasks = await declaredTasks(context, { hidden: true });
    if (tasks.some(({ name, aliases }) => name === word || aliases.includes(word))) {
      return `"${word}" is a task of this project: run it with "haft run ${word}"`;
    }
    const { files, tools } = openProject(context.cwd, context);
    if (Object.hasOwn(files.apps, word)) {
      return `"${word}" is an app of this project: start it with "haft app start ${word}"`;
    }
    const provides = tools.some(({ request, installed }) =>
      request.name === word || (installed !== undefined && Object.hasOwn(executablesOf(installed), word))
    );
    return provides ? `"${word}" is a tool of this project: run it with "haft exec ${word}"` : undefined;
  } catch {
    // The command that is meant says what is wrong there.
    return undefined;
  }
}
