import { assertEquals } from "@std/assert";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { entryNamed, findCommand } from "../../../src/cli/find_command.ts";
import { OTHER_NAMES, otherName } from "../../../src/cli/other_names.ts";

Deno.test("OTHER_NAMES has no command of haft's, and names only commands that haft has", async () => {
  for (const [name, text] of Object.entries(OTHER_NAMES)) {
    assertEquals([name, entryNamed(name, COMMANDS)], [name, undefined]);
    for (const [, words = ""] of text.matchAll(/haft ([^")]+)/g)) {
      await findCommand(words.split(" ").filter((word) => !/^[A-Z]/.test(word)), COMMANDS);
    }
  }
  assertEquals([otherName("constructor"), otherName("zzz")], [undefined, undefined]);
});
