import { versionSatisfies } from "../versions/pick_version.ts";
import { tryParseVersionRequest } from "../versions/version_request.ts";
import type { Project } from "./project.ts";

/** A stranger's file can have thousands of mistakes; nobody reads them. */
const MOST_NOTES = 20;

/** What a person should know of a project's version files: one text for each tool or mistake. */
export function versionFileNotes(project: Project): string[] {
  const { skipped, problems, constraints } = project.files;
  return [
    ...first(problems),
    ...first(
      skipped.map(({ name, version, file, reason }) => `${file} asks for ${name} ${version}: ${reason}`),
    ),
    ...constraints.flatMap((constraint) => brokenConstraint(constraint, project) ?? []),
    ...project.variablesNote === undefined ? [] : [project.variablesNote],
  ];
}

/** As many as a person reads, and how many more there are. */
function first(notes: readonly string[]): string[] {
  if (notes.length <= MOST_NOTES) return [...notes];
  return [...notes.slice(0, MOST_NOTES), `and ${notes.length - MOST_NOTES} more of the kind`];
}

/** Undefined where the version fits, none is known yet, or the range is a hint for people. */
function brokenConstraint(
  { name, range, file, key }: Project["files"]["constraints"][number],
  { tools }: Project,
): string | undefined {
  const tool = tools.find(({ request }) => request.name === name);
  if (tool?.version === undefined || tryParseVersionRequest(range)?.kind !== "range") return undefined;
  if (versionSatisfies(range, tool.version)) return undefined;
  const { file: decided } = tool.request.decidedBy;
  return `${file} (${key}) allows ${name} ${range}, but ${decided} asks for ${tool.request.version} (${tool.version})`;
}
