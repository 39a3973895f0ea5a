import { assertEquals, assertRejects } from "@std/assert";
import { compilePattern, patternProblem } from "../../../src/base/pattern.ts";
import { UsageError } from "../../../src/base/errors.ts";

Deno.test("a user's expression matches what JavaScript's own does", async () => {
  const rows: [source: string, text: string][] = [
    ["error", "an error"],
    ["^ready", "not ready"],
    ["^\\d{3} (GET|POST)\\b", "200 GET /"],
    ["[^\\s/]+$", "a/b c"],
    ["(?<year>\\d{4})-\\d\\d", "on 2026-11"],
    ["\\u00e9t\\xe9", "été"],
    ["caf.\\.$", "café."],
    ["a{2,3}?b|\\$\\{x\\}", "pay ${x}"],
    ["^$", ""],
    ["\\bword\\b", "sword"],
    ["[\\]\\-]", "a-b"],
  ];
  for (const [source, text] of rows) {
    assertEquals([source, (await compilePattern(source)).test(text)], [
      source,
      new RegExp(source).test(text),
    ]);
  }
  const engines: [source: string, text: string, matches: boolean][] = [
    ["(?i)error", "ERROR", true],
    ["(?i:e)rror", "eRROR", false],
    ["(?P<n>needle)", "a needle", true],
    ["(?U)n+$", "nnn", true],
    ["(?i-s)NEEDLE", "needle", true],
    ["\\{2000}", "{2000}", true],
    ["[{2000}]+$", "{2000}", true],
    ["\\(?i", "i", true],
    ["[(?i)]x", "ix", true],
  ];
  for (const [source, text, matches] of engines) {
    assertEquals([source, (await compilePattern(source)).test(text)], [source, matches]);
  }
  const dated = await compilePattern("/(?<date>\\d{8})/(?<version>[\\d.]+)(?:-(?<extra>\\w+))?$");
  assertEquals(dated.groups("x/20261128/1.2"), { date: "20261128", version: "1.2" });
  assertEquals(dated.groups("x"), undefined);
});

Deno.test("no expression takes more than a moment for a long line", async () => {
  const line = `${"GET /api/v1/users/123456/orders/".repeat(2_000)}!`;
  for (const source of ["(\\w+[\\s/]*)*error", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", ".*.*.*.*=.*"]) {
    assertEquals([source, (await compilePattern(source)).test(line)], [source, false]);
  }
});

Deno.test("what is no expression, or none that can be bounded, is refused with the reason", async () => {
  for (
    const source of ["(", "a**", "(?x)a", "[\\b]", "[z-a]", "(?=a)b", "(?<!a)b", "(a)\\1", "(?<n>a)\\k<n>"]
  ) {
    assertEquals([source, typeof patternProblem(source)], [source, "string"]);
    await assertRejects(() => compilePattern(source), UsageError, "is no regular expression");
  }
  for (
    const source of [
      ".{0,1000}".repeat(20) + "[xyz]",
      "(a{90}){11}x{50}",
      "(?:ab?c{9}){100}",
      "x".repeat(2_000),
    ]
  ) {
    await assertRejects(() => compilePattern(source), UsageError, "too large");
  }
  for (const source of ["\\\\1", "[(?=]", "\\(?=a", "(?:a)", "(?<n>a)", "(?i)a", "a\\.b"]) {
    assertEquals([source, patternProblem(source)], [source, undefined]);
  }
});
