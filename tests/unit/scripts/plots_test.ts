import { assertEquals } from "@std/assert";
import { withPictures } from "../../../scripts/site/plots.ts";

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

Deno.test("withPictures() leaves out a plot that was not drawn", () => {
  assertEquals(withPictures("a\n\n![x](plots/a.svg)\n\nb\n", () => undefined), "a\n\n\n\nb\n");
});
