import { assertEquals } from "@std/assert";
import { join } from "node:path";
import plugin, { commentWidth } from "../../../scripts/lint/comment_width.ts";
import { projectRoot } from "../../../scripts/support/project.ts";

const words = (columns: number) => "a ".repeat(columns).slice(0, columns);

const rows: [string, string, number][] = [
  ["a line comment at the width", `// ${words(commentWidth - 3)}\n`, 0],
  ["a line comment one past it", `// ${words(commentWidth - 2)}\n`, 1],
  [
    "a docstring with two lines past it",
    `/**\n * ${words(120)}\n * short\n * ${words(120)}\n */\nexport {};`,
    2,
  ],
  ["one long word", `// ${"a".repeat(150)}\n`, 0],
  ["a comment behind code", `const x = 1; // ${words(100)}\nexport { x };`, 1],
  ["a preformatted line", `/**\n *     ${words(120)}\n */\nexport {};`, 0],
  ["long code", `export const x = "${words(150)}";`, 0],
];

for (const [name, source, count] of rows) {
  Deno.test(`comment-width lint rule on ${name}`, () => {
    assertEquals(Deno.lint.runPlugin(plugin, join(projectRoot, "src/a.ts"), source).length, count);
  });
}
