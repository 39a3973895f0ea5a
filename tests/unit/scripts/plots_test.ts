import { assertEquals, assertStringIncludes } from "@std/assert";
import { withPlots } from "../../../scripts/site/plots.ts";

const TABLE = `|             | ms    | goal |
| ----------- | ----- | ---- |
| \`a <b>\`     | 1,000 | 2    |
| curl \\| tar | 500   |      |
| c           | 0.5   |      |
`;

Deno.test("withPlots() draws a bar for each row, in proportion, below the table", () => {
  const page = withPlots(`Before\n\n${TABLE}\nAfter\n`);
  assertStringIncludes(page, TABLE);
  const widths = [...page.matchAll(/<rect [^>]*width="([\d.]+)%"/g)].map(([, width]) => Number(width));
  assertEquals(widths, [85, 42.5, 0.04]);
  assertStringIncludes(page, 'aria-label="ms. a &lt;b>: 1,000; curl | tar: 500; c: 0.5"');
  assertEquals(page.split("\n").filter((line) => line.startsWith("<svg")).length, 1);
});

Deno.test("withPlots() leaves tables of other things as they are", () => {
  for (const other of [TABLE.replace("ms  ", "what"), TABLE.replace("500  ", "none ")]) {
    assertEquals(withPlots(other), other);
  }
});
