import { assertEquals } from "@std/assert";
import { unknownApp } from "../../../src/apps/unknown_app.ts";

Deno.test("unknownApp() names the apps there, and of thousands the first ones", () => {
  assertEquals(unknownApp("nope", ["api", "web"]).next, "Apps there: api, web");
  const many = Array.from({ length: 5_000 }, (_, index) => `a${index}`);
  const next = String(unknownApp("nope", many).next);
  assertEquals(next.startsWith("Apps there: a0, a1, "), true);
  assertEquals(next.endsWith('a19 and 4980 more; run "haft app list"'), true);
});
