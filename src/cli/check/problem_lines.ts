import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { MANIFEST_NAME } from "../../tools/project/manifests.ts";
import { cellText } from "../../ui/terminal_text.ts";
import { counted } from "../../ui/text.ts";
import type { Context } from "../command.ts";
import type { FoundProblem } from "../../protocol/methods/project_methods.ts";

/** The nearest haft.toml, from a directory upwards. */
export function nearestManifest(directory: string): string | undefined {
  const path = join(directory, MANIFEST_NAME);
  if (existsSync(path)) return path;
  return dirname(directory) === directory ? undefined : nearestManifest(dirname(directory));
}

/** A problem with its place, its line and the next step. */
export function problemLines(
  { file, line, column, message, next, frame }: FoundProblem,
  cwd: string,
): string {
  const path = relative(cwd, file);
  const place = `${path === "" || path.startsWith("..") ? file : path}:${line}:${column}`;
  const below = [...frame.split("\n"), ...(next === null ? [] : next.split("\n"))];
  return `${cellText(place)}: ${message}\n${below.map((text) => `  ${text}\n`).join("")}`;
}

/** How many problems a warning shows. */
const MOST_SHOWN = 3;

/**
 * Warns of what is wrong in parts of a haft.toml that the command itself does not read, or did not get to.
 *
 * @param said what the person has read already: a problem in it is not shown again
 * @returns what was looked at beside the manifest, when there is nothing to warn of
 */
export async function warnOfProblems(
  path: string,
  context: Context,
  said = "",
): Promise<string[] | undefined> {
  const { stderr, cwd } = context;
  const { checkManifestFile } = await import("../../check/manifest_problems.ts");
  const checked = checkManifestFile(path, context);
  const problems = checked.problems
    .filter(({ line, column, message }) => !said.endsWith(`:${line}:${column}: ${message}`));
  for (const problem of problems.slice(0, MOST_SHOWN)) {
    await stderr.write(`Warning: ${problemLines(problem, cwd)}`);
  }
  if (problems.length > MOST_SHOWN) {
    await stderr.write(`"haft check" shows ${counted(problems.length - MOST_SHOWN, "more problem")}\n`);
  }
  return checked.problems.length === 0 ? checked.lookedAt : undefined;
}
