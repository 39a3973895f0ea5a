import { assertEquals } from "@std/assert";
import { LONG_METHODS } from "../../../src/protocol/methods/long_methods.ts";
import { METHODS } from "../../../src/protocol/methods/mod.ts";

Deno.test("LONG_METHODS names those that are declared long", () => {
  const declared = Object.entries(METHODS).filter(([, definition]) => definition.long === true);
  assertEquals([...LONG_METHODS].sort(), declared.map(([name]) => name).sort());
});
