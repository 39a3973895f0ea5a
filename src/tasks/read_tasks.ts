import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { openProject, type Project, type UserContext } from "../tools/project/project.ts";
import { rememberTasks } from "./remember_tasks.ts";
import { unreadNote } from "./unread_files.ts";
import { parseTasks } from "./task_schema.ts";
import { type ProjectTasks, type TaskScope, UnknownTask } from "./project_tasks.ts";

/**
 * The tasks of a project. Reading them runs nothing.
 *
 * @throws {UsageError} when a file that it includes is wrong
 */
export function projectTasks(project: Project): ProjectTasks {
  const { root, files: { manifestPath, tasks, includes } } = project;
  return {
    root,
    ...(manifestPath === undefined ? { tasks: new Map() } : parseTasks(tasks, manifestPath, includes)),
    manifest: manifestPath ?? root,
    shell: project.settings.shell,
    isRecorded: project.trust.isRecorded(project.gated),
    requireTrust: () => project.requireTrust(),
    environment: ({ inherited, own }) =>
      project.runEnvironment({ own, ...(inherited === undefined ? {} : { inherited }) }),
  };
}

/** Reads what a directory sees. @param remember keeps it for the next time */
export function readTaskScope(
  cwd: string,
  user: UserContext,
  { remember = false }: { remember?: boolean } = {},
): TaskScope {
  const asOf = Date.now();
  const projects = visibleProjects(cwd, user);
  const tasks = projects.map(projectTasks);
  if (remember) rememberTasks(cwd, { projects, tasks, asOf }, user);
  return {
    directory: cwd,
    projects: tasks,
    open: (path) => projectsAt(resolve(path), user),
    elsewhere: (word) => unreadNote([cwd, ...tasks.map(({ root }) => root)], word),
  };
}

/** The projects whose tasks a directory sees: its own, and those of the directories above, nearest first. */
function visibleProjects(cwd: string, user: UserContext): Project[] {
  const projects: Project[] = [];
  for (let at = cwd;;) {
    const project = openProject(at, user);
    if (project.files.manifestPath === undefined) return projects.length === 0 ? [project] : projects;
    projects.push(project);
    const above = dirname(project.root);
    if (above === project.root) return projects;
    at = above;
  }
}

function projectsAt(directory: string, user: UserContext): ProjectTasks[] {
  if (existsSync(join(directory, "haft.toml"))) return visibleProjects(directory, user).map(projectTasks);
  throw new UnknownTask(`There is no haft.toml in "${directory}", so it has no tasks`, {
    next: 'A path after // begins at the outermost haft.toml; "haft tasks" in a directory lists what it has',
  });
}
