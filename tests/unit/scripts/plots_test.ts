import { assertEquals, assertStringIncludes } from "@std/assert";
import { withPictures, withPlots } from "../../../scripts/site/plots.ts";

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

Deno.test("withPictures() takes a plot into the page, without the colours that it has as a picture", () => {
  const svg = '<svg class="x"><style>svg{color:red}</style>\n<text>a {b}</text></svg>\n';
  const page = withPictures("Before\n\n![Of what](plots/a-b.svg)\n\n![Other](other.png)\n", (path) => {
    assertEquals(path, "plots/a-b.svg");
    return svg;
  });
  assertEquals(
    page,
    'Before\n\n<div class="picture" tabindex="0"><svg class="x"><text>a &#123;b}</text></svg></div>\n\n' +
      "![Other](other.png)\n",
  );
});
