import { assertEquals } from "@std/assert";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { entryNamed, findCommand } from "../../../src/cli/find_command.ts";
import { otherName, otherNamesOf } from "../../../src/cli/other_names.ts";

Deno.test("OTHER_NAMES has no command of haft's, and names only commands that haft has", async () => {
  const { group: app } = await import("../../../src/cli/app/commands.ts");
  for (const [group, commands] of [["", COMMANDS], ["app", app.commands]] as const) {
    for (const [name, text] of Object.entries(otherNamesOf(group))) {
      assertEquals([name, entryNamed(name, commands)], [name, undefined]);
      for (const [, words = ""] of text.matchAll(/"haft ([^"]+)"/g)) {
        await findCommand(words.split(" ").filter((word) => !/^[A-Z]/.test(word)), COMMANDS);
      }
    }
  }
  assertEquals([otherName("constructor"), otherName("zzz"), otherName("ls")], [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(otherName("startup", "app"), 'Start the daemon at login with "haft daemon enable"');
});
