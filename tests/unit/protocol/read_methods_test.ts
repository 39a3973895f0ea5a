import { assertEquals } from "@std/assert";
import { METHODS } from "../../../src/protocol/methods/mod.ts";
import { READ_METHODS } from "../../../src/protocol/methods/read_methods.ts";

Deno.test("READ_METHODS names methods that there are, none of which is declared long", () => {
  const short = Object.entries(METHODS).filter(([, definition]) => definition.long !== true).map(([name]) =>
    name
  );
  assertEquals([...READ_METHODS].filter((name) => !short.includes(name)), []);
});
