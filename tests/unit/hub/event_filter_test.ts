import { assertEquals, assertThrows } from "@std/assert";
import { compileTypeGlobs } from "../../../src/hub/event_filter.ts";

const rows: [glob: string, type: string, matches: boolean][] = [
  ["app.log_line", "app.log_line", true],
  ["app.log_line", "app.log_lines", false],
  ["app.*", "app.log_line", true],
  ["app.*", "app.a.b", true],
  ["app.*", "app", false],
  ["app.*", "apple.x", false],
  ["app.*", "my.app.x", false],
  ["app.process_*", "app.process_started", true],
  ["app.process_*", "app.process_started.x", false],
  ["*.started", "task.started", true],
  ["*.started", "task.sub.started", false],
  ["*", "anything", true],
  ["*", "any.thing", true],
  ["a+b.*", "a+b.c", true],
  ["a+b.*", "aab.c", false],
  ["a.b", "axb", false],
  ["a.*b*b", "a.bb", true],
  ["a.*b*b", "a.b", false],
  ["a.b*b", "a.b", false],
  ["a.*bc*c", "a.xbcyc", true],
  ["a.*bc*c", "a.xbyc", false],
  ["a.**", "a.x", true],
  ["a.**", "a.x.y", false],
  [`user.${"*a".repeat(100)}*b`, `user.${"a".repeat(200)}`, false],
];

for (const [glob, type, matches] of rows) {
  Deno.test(`compileTypeGlobs() ${glob} ${matches ? "matches" : "does not match"} ${type}`, () => {
    assertEquals(compileTypeGlobs([glob])(type), matches);
  });
}

Deno.test("compileTypeGlobs() matches every type when there is no glob", () => {
  assertEquals(compileTypeGlobs([])("x.y"), true);
});

Deno.test("compileTypeGlobs() matches when any of several globs does", () => {
  const matches = compileTypeGlobs(["app.*", "install.progress"]);
  assertEquals(["app.x", "install.progress", "install.x"].map(matches), [true, true, false]);
});

for (const glob of ["", "app.", ".app", "a..b"]) {
  Deno.test(`compileTypeGlobs() refuses the glob "${glob}"`, () => {
    assertThrows(() => compileTypeGlobs([glob]), RangeError, `"${glob}"`);
  });
}
