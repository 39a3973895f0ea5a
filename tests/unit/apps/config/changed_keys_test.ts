import { assertEquals } from "@std/assert";
import { changedKeys } from "../../../../src/apps/config/changed_keys.ts";

Deno.test("changedKeys() names what differs, and no values", () => {
  const before = { command: ["a"], env: { PORT: "1", KEY: "secret" }, limits: { memory: 5 } };
  const after = { command: ["b"], env: { PORT: "2", NEW: "x" }, limits: { memory: 5 } };
  assertEquals(changedKeys(before, after), ["command", "env.KEY", "env.NEW", "env.PORT"]);
  assertEquals(changedKeys(before, before), []);
});
