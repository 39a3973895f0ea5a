import { UsageError } from "../../base/errors.ts";
import type { ProjectTool } from "../../tools/project/installed_tools.ts";
import type { Project } from "../../tools/project/project.ts";
import { didYouMean, nearestNames } from "../../tools/versions/nearest.ts";

/**
 * The tools of a project that names on the command line mean; all of them without names.
 *
 * @throws {UsageError} for a name that the project does not ask for
 */
export function namedTools(names: readonly string[], project: Project): ProjectTool[] {
  project.requireRequests();
  if (names.length === 0) return [...project.tools];
  const { catalogue } = project.files;
  return names.map((name) => {
    const meant = new Set([name, catalogue.canonicalName(name), catalogue.providerOf(name)]);
    const tool = project.tools.find(({ request }) => meant.has(request.name));
    if (tool !== undefined) return tool;
    const known = project.tools.map(({ request }) => request.name);
    throw new UsageError(`This project asks for no tool "${name}"`, {
      next: didYouMean(nearestNames(name, known)) ??
        (known.length === 0
          ? 'It asks for none; "haft use TOOL" adds one'
          : `It asks for ${known.join(", ")}`),
    });
  });
}
