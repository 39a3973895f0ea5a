import { executablesOf } from "../../tools/project/installed_tools.ts";
import { openProject } from "../../tools/project/project.ts";
import type { Context } from "../command.ts";

/** A word that can come next. */
export interface Candidate {
  word: string;
  /** Empty where the word says it all. */
  description: string;
}

/** What the project at hand has; nothing where its files cannot be read. It runs nothing. */
export function projectNames(
  kind: "tools" | "apps" | "tasks",
  context: Pick<Context, "cwd" | "env" | "home" | "paths">,
): Candidate[] {
  try {
    return kind === "tools" ? tools(context) : declared(kind, context);
  } catch {
    return [];
  }
}

/** The executables of what is installed, and the names of tools that are not. */
function tools(context: Pick<Context, "cwd" | "env" | "home" | "paths">): Candidate[] {
  return openProject(context.cwd, context).tools.flatMap(({ request, installed, version }) =>
    installed === undefined
      ? [{ word: request.name, description: "not installed" }]
      : Object.keys(executablesOf(installed)).map((word) => ({
        word,
        description: `${request.name} ${version ?? request.version}`,
      }))
  );
}

function declared(
  kind: "apps" | "tasks",
  context: Pick<Context, "cwd" | "env" | "home" | "paths">,
): Candidate[] {
  const { files } = openProject(context.cwd, context);
  return Object.keys(files[kind]).map((word) => ({ word, description: "" }));
}
