/** Tasks of other programs' files, which their own programs run, as projects beside haft.toml's. */
import { relative, resolve } from "node:path";
import * as v from "valibot";
import type { ProjectTasks } from "../project_tasks.ts";
import { TaskTable } from "../task_schema.ts";
import { openProject, type UserContext } from "../../tools/project/project.ts";
import { UntrustedError } from "../../tools/trust/untrusted_error.ts";
import { type ForeignFile, foreignFiles, type ForeignTask, gatedFile } from "./foreign_sources.ts";

/**
 * What other programs' files declare in these directories.
 *
 * @param directories the nearest first
 */
export function foreignProjects(directories: Iterable<string>, user: UserContext): ProjectTasks[] {
  return [...new Set([...directories].map((one) => resolve(one)))].flatMap((directory) =>
    foreignFiles(directory).map((one) => foreignProject(one, user))
  );
}

function foreignProject(
  { file, directory, tasks }: ForeignFile & { tasks: readonly ForeignTask[] },
  user: UserContext,
): ProjectTasks {
  const project = openProject(directory, user);
  return {
    root: project.root,
    manifest: file,
    program: tasks[0]?.command[0],
    shell: undefined,
    tasks: new Map(tasks.flatMap(({ name, description, aliases = [], hidden = false, command }) => {
      const config = v.safeParse(TaskTable, {
        run: command,
        aliases,
        hide: hidden,
        dir: directory,
        ...(typeof description === "string" && description !== "" ? { description } : {}),
      });
      return config.success ? [[name, config.output]] : [];
    })),
    isRecorded: true,
    requireTrust() {
      const gated = gatedFile(file);
      if (gated === undefined || project.trust.isTrusted(gated)) return;
      throw new UntrustedError(gated, project.trust, {
        next:
          `Look at it, then run "haft trust ${
            relative(directory, file)
          }" there; where no one can be asked, as in ` +
          `CI, set HAFT_TRUST=1. Without haft, ${tasks[0]?.command[0]} itself runs them`,
      });
    },
    environment: ({ inherited, own }) =>
      project.runEnvironment({ own, ...(inherited === undefined ? {} : { inherited }) }),
  };
}
