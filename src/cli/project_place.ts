/**
 * The project of a command that has to work also while its haft.toml cannot be read, as it is while somebody
 * edits it: what runs can be seen and stopped, and what is the user's own can be used.
 */
import { parse } from "node:path";
import { UsageError } from "../base/errors.ts";
import { manifestRoot } from "../tools/project/manifests.ts";
import { openProject, type Project } from "../tools/project/project.ts";
import type { Context } from "./command.ts";

type Opening = Pick<Context, "cwd" | "env" | "home" | "paths" | "platform">;

/** The project's directory; with the mistake, where a haft.toml has one. */
export function projectPlace(context: Opening): { root: string; mistake?: UsageError } {
  try {
    return { root: openProject(context.cwd, context).root };
  } catch (error) {
    const root = manifestRoot(context.cwd);
    if (!(error instanceof UsageError) || root === undefined) throw error;
    return { root, mistake: error };
  }
}

/** The project; where a haft.toml has a mistake that is a warning, and the user's own files count alone. */
export function projectOrOwn(context: Context): Project {
  try {
    return openProject(context.cwd, context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // No project is around the root of the file system.
    const own = openProject(parse(context.cwd).root, context);
    tellMistake(error, context);
    return own;
  }
}

const told = new Set<string>();

/** Warns, once, of a mistake that does not keep a command from its work. */
export function tellMistake(
  { message, next = "" }: UsageError | { message: string; next?: string },
  { stderr }: Pick<Context, "stderr">,
): void {
  if (told.has(message)) return;
  told.add(message);
  void stderr.write(`Warning: ${message}\n${next === "" ? "" : `${next.replace(/^(?=.)/gm, "  ")}\n`}`);
}
