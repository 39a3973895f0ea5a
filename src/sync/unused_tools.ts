import { errorMessage, HaftError } from "../base/errors.ts";
import { treeSize } from "../base/tree_size.ts";
import { readLock } from "../tools/lockfile/read_lock_file.ts";
import { knownProjects } from "../tools/project/known_projects.ts";
import { openProject, type Project, type UserContext } from "../tools/project/project.ts";
import { storeId } from "../tools/request.ts";
import { builtInCatalogue } from "../tools/catalogue/catalogue.ts";
import { type InstalledTool, Store } from "../tools/store/store.ts";
import { installationName } from "../tools/store/store_names.ts";

/** An installation of a version that no known project asks for. */
export interface UnusedTool extends InstalledTool {
  bytes: number;
}

/**
 * What of the store is in the lock file of no known project, and not what one of them runs either.
 *
 * @param here a directory whose project counts, known or not
 * @throws {HaftError} when a project cannot be read: what it needs is not known then
 */
export function unusedTools(here: string, user: UserContext): { unused: UnusedTool[]; projects: string[] } {
  const store = new Store(user.paths);
  const projects = knownProjects(user.paths);
  const used = new Set<string>();
  for (const root of new Set([...projects, here, user.paths.config])) {
    for (const name of usedBy(root, user)) used.add(name);
  }
  const unused = store.list().filter(({ receipt, directory }) =>
    !used.has(directory) && !used.has(installationName(receipt.store_id, receipt.version))
  )
    .map((one) => ({ ...one, bytes: treeSize(one.directory) }));
  return { unused, projects };
}

/**
 * The directories that a project runs, and as `ID@VERSION` what it has locked beside: of that it may need any
 * content.
 */
function usedBy(root: string, user: UserContext): string[] {
  let project: Project;
  try {
    project = openProject(root, user);
    const entries = project.layers.flatMap(({ lockPath }) => Object.entries(readLock(lockPath).lock.tools));
    const runs = project.installedTools;
    const isThere = (name: string, version: string) =>
      runs.some(({ receipt }) => receipt.tool === name && receipt.version === version);
    const locked = entries.flatMap(([name, { source, version, definition }]) => {
      if (isThere(name, version)) return [];
      const known = { catalogueSource: builtInCatalogue.source(name), definition };
      return [storeId({ name }, known), storeId({ name, source }, known)].map((id) =>
        installationName(id, version)
      );
    });
    return [...locked, ...runs.map(({ directory }) => directory)];
  } catch (error) {
    throw new HaftError(`What "${root}" needs is not known: ${errorMessage(error)}`, {
      next: "Correct it, or remove the directory; nothing was removed from the store",
      cause: error,
    });
  }
}
