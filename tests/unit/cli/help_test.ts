import { assertEquals } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../../../scripts/support/project.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { commandHelp, overview } from "../../../src/cli/help.ts";

const directory = join(projectRoot, "tests", "golden", "help");

/** Compares with the text that was reviewed; HAFT_UPDATE_GOLDEN=1 writes it anew, for a look at the diff. */
function assertGolden(name: string, text: string): void {
  const path = join(directory, `${name}.txt`);
  if (process.env["HAFT_UPDATE_GOLDEN"] === "1") {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path, text);
  }
  assertEquals(text, existsSync(path) ? readFileSync(path, "utf8") : `(there is no ${path})`);
  for (const line of text.split("\n")) assertEquals(line.length <= 80, true, `over 80 columns: ${line}`);
}

Deno.test("haft --help is the text that was reviewed, within 80 columns", () => {
  assertGolden("haft", overview(COMMANDS, "VERSION"));
});

for (const { name, load } of COMMANDS) {
  Deno.test(`haft ${name} --help is the text that was reviewed, within 80 columns`, async () => {
    const command = await load();
    assertEquals(command.name, name);
    assertGolden(name, commandHelp(command));
  });
}
