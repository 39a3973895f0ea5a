import { assertEquals, assertThrows } from "@std/assert";
import { expandPath, expandVariables, hasVariable } from "../../../../src/apps/config/expand_variables.ts";
import { HaftError } from "../../../../src/base/errors.ts";

const VARIABLES: Readonly<Record<string, string>> = { A: "a", EMPTY: "", HOME: "/home/you", B: "$A" };
const fill = (text: string) => expandVariables(text, (name) => VARIABLES[name]);

Deno.test("expandVariables() fills in variables as a shell does", () => {
  const rows: [string, string][] = [
    ["$A/${A}", "a/a"],
    ["$NONE|${NONE}|${EMPTY}", "||"],
    ["${NONE-x}|${EMPTY-x}|${A-x}", "x||a"],
    ["${NONE:-x}|${EMPTY:-x}|${A:-x}", "x|x|a"],
    ["${NONE+x}|${EMPTY+x}|${A+x}", "|x|x"],
    ["${NONE:+x}|${EMPTY:+x}|${A:+x}", "||x"],
    ["${A:?why}|${EMPTY?why}", "a|"],
    ["${NONE:-${HOME}/x}", "/home/you/x"],
    ["${NONE:-${EMPTY:-${A}b}c}d", "abcd"],
    ["${A:+${NONE:-n}}", "n"],
    ["${NONE:-{}}", "{}"],
    ["${B}", "$A"],
    ["$$A $${A} $$$A", "$A ${A} $a"],
    ["${NONE:-$$5}", "$5"],
    ["$1 $ ${1} ${A ${A%x} ${A:-open", "$1 $ ${1} ${A ${A%x} ${A:-open"],
    ["", ""],
  ];
  for (const [text, expected] of rows) assertEquals(fill(text), expected, text);
});

Deno.test("expandVariables() names a variable that has to be there", () => {
  assertThrows(() => fill("${NONE:?say which}"), HaftError, 'Variable "NONE" is not set: say which');
  assertThrows(() => fill("${EMPTY:?}"), HaftError, 'Variable "EMPTY" is not set');
});

Deno.test("expandPath() knows the home", () => {
  const path = (text: string) => expandPath(text, (name) => VARIABLES[name]);
  assertEquals(["~", "~/x", "$HOME/x", "a/~", "~x"].map(path), [
    "/home/you",
    "/home/you/x",
    "/home/you/x",
    "a/~",
    "~x",
  ]);
  // An empty part would make it a path at the root of the file system.
  for (const text of ["$NOPE/x", "${NOPE}/x"]) assertThrows(() => path(text), HaftError, '"NOPE" is not set');
  assertEquals(path("${NOPE:-logs}/x"), "logs/x");
});

Deno.test("hasVariable() takes no escaped dollar for one", () => {
  assertEquals(["$A", "${A:-b}", "$$A", "$5", "a$", "$$$A"].map(hasVariable), [
    true,
    true,
    false,
    false,
    false,
    true,
  ]);
});
