import type { Context } from "../command.ts";
import { type AppOptions, meansAll } from "./app_options.ts";

/**
 * Asks the daemon about the apps that are named, and lets it find the project: to read one's files here would
 * take longer than the answer.
 *
 * @throws {HaftError} as the project's own reader has it, where the project is what is wrong
 */
export async function askInPlace<Result>(
  { names, everyProject }: Pick<AppOptions, "names" | "everyProject">,
  context: Context,
  ask: (place: { cwd?: string; root?: string; names: string[] }) => Promise<Result>,
): Promise<Result> {
  if (everyProject || meansAll(names)) {
    const { selectionOf } = await import("./selection.ts");
    return await ask(selectionOf({ names, everyProject }, context));
  }
  try {
    return await ask({ cwd: context.cwd, names: [...names] });
  } catch (error) {
    if (context.remote !== undefined) throw error;
    const [{ checkApps }, { projectPlace, tellMistake }] = await Promise.all([
      import("./selection.ts"),
      import("../project_place.ts"),
    ]);
    const { root, mistake } = projectPlace(context);
    if (mistake === undefined) {
      // Asked by name, the daemon only says that there is none; asked for all, it names the mistake itself.
      if (names.length > 0) checkApps(context);
      throw error;
    }
    const known = await ask({ root, names: [...names] }).catch(() => {
      throw mistake;
    });
    tellMistake(mistake, context);
    return known;
  }
}
