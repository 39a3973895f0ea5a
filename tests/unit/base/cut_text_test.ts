import { assertEquals } from "@std/assert";
import { cutText } from "../../../src/base/cut_text.ts";

Deno.test("cutText() leaves a text at the limit, and cuts one that is longer", () => {
  assertEquals(cutText("abcd", 4), "abcd");
  assertEquals(cutText("abcde", 4), "abc…");
});

Deno.test("cutText() splits no character", () => {
  assertEquals(cutText("ab😀cd", 4), "ab…");
  assertEquals(cutText("ab😀cd", 5), "ab😀…");
});
