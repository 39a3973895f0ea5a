import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../../src/base/errors.ts";
import type { Command, CommandEntry } from "../../../src/cli/command.ts";
import { command, group } from "../../../src/cli/command_entry.ts";
import { findCommand } from "../../../src/cli/find_command.ts";

const leaf: Command<unknown> = { usage: [""], flags: [], parse: () => ({}), run: () => Promise.resolve(0) };
const load = () => Promise.resolve({ command: leaf });
const table: CommandEntry[] = [
  { ...command("exec", "Run", load), aliases: ["x"] },
  group(
    "app",
    "Apps",
    () =>
      Promise.resolve({
        group: { commands: [command("start", "Start", load), command("stop", "Stop", load)] },
      }),
  ),
  { ...command("secret", "Hidden", load), hidden: true },
];

async function found(...words: string[]) {
  const result = await findCommand(words, table);
  return result.kind === "command" ? [result.path, ...result.args] : [`(${result.path})`, result.help];
}

Deno.test("findCommand() follows words to a command, by its alias or its group, and leaves it the rest", async () => {
  assertEquals(await found("x", "node", "--help"), ["exec", "node", "--help"]);
  assertEquals(await found("app", "start", "web"), ["app start", "web"]);
  assertEquals(await found("secret"), ["secret"]);
});

Deno.test("findCommand() stops at a group where the words end or ask for help", async () => {
  assertEquals(await found(), ["()", false]);
  assertEquals(await found("app"), ["(app)", false]);
  assertEquals(await found("app", "-h"), ["(app)", true]);
});

Deno.test("findCommand() offers the nearest name of the same table, and no hidden one", async () => {
  const rows: [words: string[], message: string, next: string][] = [
    [["ap"], 'Unknown command "ap"', 'Did you mean "haft app"?'],
    [["app", "stpo"], 'Unknown command "haft app stpo"', 'Did you mean "haft app stop"?'],
    [["secre"], 'Unknown command "secre"', 'Run "haft --help" for the commands'],
    [["--x"], "Unknown option --x", 'Run "haft --help" for the commands'],
    [
      ["app", "--x"],
      'Unknown option --x for "haft app"',
      'Options follow the command: "haft app COMMAND --x"',
    ],
  ];
  for (const [words, message, next] of rows) {
    const error = await assertRejects(() => findCommand(words, table), UsageError);
    assertEquals([error.message, error.next], [message, next]);
  }
});
