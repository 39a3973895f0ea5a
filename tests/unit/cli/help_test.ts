import { assertEquals } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { projectRoot } from "../../../scripts/support/project.ts";
import type { CommandEntry } from "../../../src/cli/command.ts";
import { isGroup } from "../../../src/cli/command_entry.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { commandHelp, groupHelp, overview } from "../../../src/cli/help.ts";

const directory = join(projectRoot, "tests", "golden", "help");

/** Compares with the text that was reviewed; HAFT_UPDATE_GOLDEN=1 writes it anew, for a look at the diff. */
function assertGolden(name: string, text: string): void {
  const path = join(directory, `${name}.txt`);
  if (process.env["HAFT_UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  assertEquals(text, existsSync(path) ? readFileSync(path, "utf8") : `(there is no ${path})`);
  for (const line of text.split("\n")) assertEquals(line.length <= 80, true, `over 80 columns: ${line}`);
}

Deno.test("haft --help is the text that was reviewed, within 80 columns", () => {
  assertGolden("haft", overview(COMMANDS, "VERSION"));
});

/** A test for each page below a table: `app` in app.txt, `app start` in app/start.txt. */
async function testPages(commands: readonly CommandEntry[], group = ""): Promise<void> {
  for (const entry of commands.filter(({ hidden }) => hidden !== true)) {
    const path = group === "" ? entry.name : `${group} ${entry.name}`;
    const loaded = await entry.load();
    const text = isGroup(loaded)
      ? groupHelp({ path, entry, group: loaded })
      : commandHelp({ path, entry, command: loaded });
    Deno.test(`haft ${path} --help is the text that was reviewed, within 80 columns`, () => {
      assertGolden(path.replaceAll(" ", "/"), text);
    });
    if (isGroup(loaded)) await testPages(loaded.commands, path);
  }
}

await testPages(COMMANDS);

/** Each page that a narrow terminal would break within words. */
async function tooWide(commands: readonly CommandEntry[], width: number, group = ""): Promise<string[]> {
  const pages = await Promise.all(
    commands.filter(({ hidden }) => hidden !== true).map(async (entry) => {
      const path = group === "" ? entry.name : `${group} ${entry.name}`;
      const loaded = await entry.load();
      const text = isGroup(loaded)
        ? groupHelp({ path, entry, group: loaded }, width)
        : commandHelp({ path, entry, command: loaded }, width);
      const lines = text.split("\n").filter((line) => line.length > width && line.trim().includes(" "))
        .map((line) => `${path}: ${line}`);
      return [...lines, ...isGroup(loaded) ? await tooWide(loaded.commands, width, path) : []];
    }),
  );
  return pages.flat();
}

Deno.test("every page of help fits a terminal of 40 columns", async () => {
  assertEquals(await tooWide(COMMANDS, 40), []);
});

Deno.test("help keeps its sentences and tables within a narrower terminal", () => {
  const tooWide = overview(COMMANDS, "VERSION", 44).split("\n").filter((line) => line.length > 44);
  assertEquals(tooWide, []);
});
