import { choosesVersionFiles } from "../base/mise_env.ts";
import { makeDirectory } from "../base/private_directory.ts";
import { writeAtomic } from "../base/write_atomic.ts";
import { envFiles } from "../tools/project/code_variables.ts";
import { fingerprints } from "../tools/project/fingerprint.ts";
import type { Project, UserContext } from "../tools/project/project.ts";
import { directoryIdentity } from "../tools/trust/directory_identity.ts";
import { entryPath, keyOf, type KnownTasks } from "./known_tasks.ts";
import type { ProjectTasks } from "./project_tasks.ts";

/**
 * Keeps what a directory sees for the next time, unless trust is still to be asked for, or one of the files
 * changed just now.
 *
 * @param asOf when the reading of the projects began, in milliseconds since 1970
 */
export function rememberTasks(
  cwd: string,
  { projects, tasks, asOf }: { projects: readonly Project[]; tasks: readonly ProjectTasks[]; asOf: number },
  user: UserContext,
): void {
  if (choosesVersionFiles(user.env)) return;
  // What is wrong is said with its line, which the file alone knows.
  if (tasks.some(({ wrong }) => (wrong?.size ?? 0) > 0)) return;
  if (!projects.every(({ trust, gated }) => trust.isRecordedHere(gated))) return;
  try {
    const files = fingerprints(
      projects.flatMap((project) => [
        ...project.decidingFiles,
        // A variable in one of these that runs code needs trust, too.
        ...envFiles(project.files).keys(),
        ...project.gated.files,
        project.trust.file,
      ]),
      asOf,
    );
    if (files === undefined) return;
    const roots = projects.map(({ root }) => root);
    const entry: KnownTasks = {
      key: keyOf(cwd, user),
      projects: tasks.map(({ root, manifest, shell, tasks }, at) => ({
        root,
        manifest,
        shell,
        tasks: [...tasks],
        environment: projects[at]?.environmentParts() ?? { defaults: {}, variables: {}, path: [] },
      })),
      files,
      directories: Object.fromEntries(roots.map((root) => [root, directoryIdentity(root)])),
    };
    makeDirectory(user.paths.knownTasks, { mode: 0o700 });
    writeAtomic(entryPath(cwd, user), JSON.stringify(entry), { mode: 0o600, durable: false });
  } catch {
    // It only saves time: without it the next run reads the project again.
  }
}
