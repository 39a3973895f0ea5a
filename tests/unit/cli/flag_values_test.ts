import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/base/errors.ts";
import { noFurther, numberFlag, parseDuration, textFlag } from "../../../src/cli/flag_values.ts";

const args = { flags: new Map<string, string | true>([["lines", "12"], ["json", true], ["bad", "1e3"]]) };

Deno.test("textFlag() gives a flag's text, and nothing for a switch", () => {
  assertEquals(["lines", "json", "none"].map((name) => textFlag(args, name)), ["12", undefined, undefined]);
});

Deno.test("numberFlag() gives the number or the usual one, and refuses what is outside of the limits", () => {
  assertEquals(numberFlag(args, "lines", { usual: 5, most: 12 }), 12);
  assertEquals(numberFlag(args, "none", { usual: 5, most: 12 }), 5);
  for (const wrong of [{ least: 13, most: 20 }, { most: 11 }]) {
    assertThrows(() => numberFlag(args, "lines", { usual: 0, ...wrong }), UsageError, 'not "12"');
  }
  assertThrows(
    () => numberFlag(args, "bad", { usual: 0, most: 5_000 }),
    UsageError,
    'from 0 to 5000, not "1e3"',
  );
});

Deno.test("noFurther() names the first argument that is too many, and what to do instead", () => {
  noFurther([]);
  const error = assertThrows(() => noFurther(["x", "y"], "Name one"), UsageError, 'Unexpected argument "x"');
  assertEquals(error.next, "Name one");
});

Deno.test("parseDuration() reads times with a unit, seconds without", () => {
  assertEquals(["500ms", "10s", "1.5m", "1h30m", "2"].map((text) => parseDuration("for", text)), [
    500,
    10_000,
    90_000,
    5_400_000,
    2_000,
  ]);
});
