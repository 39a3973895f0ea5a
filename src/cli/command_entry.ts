import type { Command, CommandEntry, CommandGroup } from "./command.ts";

/** One line of a table of commands. The module is imported when the command runs, and no sooner. */
export function command(
  name: string,
  summary: string,
  load: () => Promise<{ command: Command<unknown> }>,
): CommandEntry {
  return { name, summary, load: async () => (await load()).command };
}

/** One line of a table of commands that leads to another table. */
export function group(
  name: string,
  summary: string,
  load: () => Promise<{ group: CommandGroup }>,
): CommandEntry {
  return { name, summary, load: async () => (await load()).group };
}

export function isGroup(loaded: Command<unknown> | CommandGroup): loaded is CommandGroup {
  return "commands" in loaded;
}
