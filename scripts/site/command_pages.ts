import type { Command, CommandGroup, Flag } from "../../src/cli/command.ts";
import { isGroup } from "../../src/cli/command_entry.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { COMMON_FLAGS } from "../../src/cli/parse.ts";
import { markdownTable } from "../support/markdown_table.ts";

/** Every command and verb on one page, from the tables that make the help texts. */
export async function commandPage(): Promise<string> {
  const parts = ["# Commands", "From the same tables as `haft COMMAND --help` and the manual pages."];
  const parents = [{ path: "haft", level: "##", table: COMMANDS }];
  for (const { path: parent, level, table } of parents) {
    for (const { name, summary, aliases = [], hidden, load } of table) {
      if (hidden === true) continue;
      const path = `${parent} ${name}`;
      const loaded = await load();
      parts.push(`${level} ${path}`, `${escaped(summary)}.`);
      if (aliases.length > 0) parts.push(`Also: ${aliases.map((alias) => `\`${alias}\``).join(", ")}.`);
      parts.push(isGroup(loaded) ? groupText(path, loaded) : commandText(path, loaded));
      if (isGroup(loaded)) parents.push({ path, level: "##", table: loaded.commands });
    }
  }
  return `${parts.join("\n\n")}\n`;
}

function groupText(path: string, { commands }: CommandGroup): string {
  const shown = commands.filter(({ hidden }) => hidden !== true);
  return markdownTable([
    ["command", "what it does"],
    ...shown.map(({ name, summary }) => [`\`${path} ${name}\``, escaped(summary)]),
  ]);
}

function commandText(path: string, { usage, flags, examples = [] }: Command<unknown>): string {
  const forms = (usage.length === 0 ? [""] : usage).map((line) => `${path} ${line}`.trimEnd());
  const shown = [...flags, ...COMMON_FLAGS].filter(({ hidden }) => hidden !== true);
  return [
    `\`\`\`text\n${forms.join("\n")}\n\`\`\``,
    markdownTable([
      ["option", "what it does"],
      ...shown.map((flag) => [flagName(flag), escaped(flag.description)]),
    ]),
    ...examples.length === 0 ? [] : [`\`\`\`sh\n${examples.join("\n")}\n\`\`\``],
  ].join("\n\n");
}

function flagName({ name, short, value }: Flag): string {
  const long = `--${name}${value === undefined ? "" : ` ${value}`}`;
  return `\`${short === undefined ? "" : `-${short}, `}${long}\``.replaceAll("|", "\\|");
}

/** Text that no reader of Markdown takes for a table's border or for HTML. */
function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("{", "&#123;");
}
