import { assertEquals } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../scripts/support/project.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

/** What the other program's file says in the project of each page. */
const PROJECTS: readonly (readonly [page: string, file: string, text: string])[] = [
  ["from-mise", "mise.toml", '[tools]\nesbuild = "prefix:1"\n'],
  ["from-asdf", ".tool-versions", "esbuild 1.2.0 1.0.0\n"],
  ["from-volta", "package.json", '{"volta":{"esbuild":"1.2.0"},"engines":{"esbuild":">=1"}}'],
];

/** The commands in the column of haft, row by row. */
function commands(page: string): string[] {
  const text = readFileSync(join(projectRoot, "docs", `${page}.md`), "utf8");
  const cells = text.split("\n").filter((line) => line.startsWith("|")).slice(2).map((line) =>
    line.split("|")[2] ?? ""
  );
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`haft ([^`]+)`/g), ([, words = ""]) => words));
}

for (const [page, file, text] of PROJECTS) {
  Deno.test(`docs/${page}.md: every command that it names does what it says`, async () => {
    const versions = ["1.0.0", "1.2.0", "2.1.0"].map((version) => ["esbuild", version] as const);
    await using registry = await fakeTools([...versions, ["biome", "2.0.0"], ["pnpm", "12.0.0"]]);
    await using sandbox = await Sandbox.create({ registry: registry.url });
    writeFileSync(join(sandbox.project, file), text);
    const rows = commands(page);
    assertEquals(rows.length >= 10, true);
    for (const row of rows) {
      const { code, stdout, stderr } = await sandbox.shell(binary, `haft ${row}`);
      // A doctor who finds something to say, as that the shims are not on PATH, has done his work.
      const done = code === 0 || row === "doctor";
      assertEquals([row, done], [row, true], stdout + stderr);
      if (/\besbuild x$|esbuild@\S+ x$|"esbuild x"/.test(row)) {
        assertEquals(/^esbuild \d\.\d\.0: x\|\n$/.test(stdout), true, stdout);
      }
    }
  });
}
