import { assertEquals } from "@std/assert";
import { parse } from "dotenv";
import { parseDotenv } from "../../../src/base/dotenv.ts";

const PIECES = [
  ..."PATH|A|b.c-d|export |export|=| = |: |:|\n|\r\n|\r|./x|'|\"|`|\\'|\\\"|\\n|#|#c|\n\n| |\t|x=y|\u2028|$A|\ufeff|\ud83d"
    .split("|"),
];

Deno.test("parseDotenv() reads whatever dotenv reads, and as it does", () => {
  let state = 7;
  const random = (below: number) => {
    state = Math.imul(state, 1103515245) + 12345 >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: 1 + random(16) }, () => PIECES[random(PIECES.length)]).join("");
    assertEquals(parseDotenv(text), parse(text), JSON.stringify(text));
  }
});

// Each of these takes minutes where a reader goes back over what it has seen.
for (
  const [what, text] of [
    ["blank lines", "\n".repeat(1_000_000) + "x"],
    ["spaces", `a${" ".repeat(1_000_000)}x`],
    ["an open quote on every line", `a="\\"b\n`.repeat(100_000)],
    ["every kind of quote", "a='\nb=\"\nc=`\n".repeat(100_000)],
    ["values after blank lines", "a=\n\n\n\n".repeat(100_000)],
    ["names without values", "name ".repeat(300_000)],
    ["export", "export ".repeat(300_000)],
  ] as const
) {
  Deno.test(`parseDotenv() looks at each part of a file once: ${what}`, () => {
    parseDotenv(text);
  });
}
