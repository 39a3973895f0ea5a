import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/base/errors.ts";
import { parseToolTarget } from "../../../src/cli/tool_target.ts";

const targets: [text: string, name: string, version: string | undefined][] = [
  ["node", "node", undefined],
  ["node@22", "node", "22"],
  ["node@lts/*", "node", "lts/*"],
  ["npm:prettier", "npm:prettier", undefined],
  ["npm:prettier@3.1", "npm:prettier", "3.1"],
  ["npm:@scope/cli", "npm:@scope/cli", undefined],
  ["npm:@scope/cli@^1", "npm:@scope/cli", "^1"],
];

for (const [text, name, version] of targets) {
  Deno.test(`parseToolTarget() takes ${text} apart`, () =>
    assertEquals(parseToolTarget(text), { name, version }));
}

for (const text of ["../x", "..", "", "a b", "node@", "x:"]) {
  Deno.test(`parseToolTarget() refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => parseToolTarget(text), UsageError);
  });
}
