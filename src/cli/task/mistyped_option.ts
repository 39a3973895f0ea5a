import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { parametersOf } from "../../tasks/task_arguments.ts";
import type { TaskPlan } from "../../tasks/task_plan.ts";
import { COMMON_FLAGS } from "../parse.ts";
import { RUN_FLAGS } from "./run_options.ts";

/**
 * What to say of a word that goes to a task's command and looks like one of haft's own options. It goes there
 * all the same: the command may have such an option.
 *
 * @param words names and what follows them, without what follows `--`
 */
export function mistypedNote(words: readonly string[], plan: TaskPlan): string | undefined {
  for (const [at, word] of words.entries()) {
    const meant = ownOption(word);
    if (meant === undefined) continue;
    const task = [...plan.values()].find(({ config, given }) =>
      parametersOf(config).length === 0 && given.words.includes(word)
    );
    if (task === undefined) continue;
    const [name, ...own] = words.slice(0, at + 1);
    return `Note: ${word} goes to task "${task.name}". Did you mean haft's ${meant}?\n` +
      `  Without this note: haft run ${name} -- ${own.join(" ")}\n`;
  }
  return undefined;
}

/** The option of haft's own that is one slip away. */
function ownOption(word: string): string | undefined {
  const [, name] = /^--([a-z][a-z-]+)(?:=.*)?$/.exec(word) ?? [];
  if (name === undefined) return undefined;
  const near = [...RUN_FLAGS, ...COMMON_FLAGS].find((flag) =>
    flag.name.length > 3 && levenshteinDistance(name, flag.name) <= (flag.name.length > 5 ? 2 : 1)
  );
  return near === undefined ? undefined : `--${near.name}`;
}
