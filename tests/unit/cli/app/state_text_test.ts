import { assertEquals } from "@std/assert";
import { shownState } from "../../../../src/cli/app/state_text.ts";

Deno.test("shownState() calls completed what ended well by itself, and stopped what a person stopped", () => {
  const rows = [
    ["stopped", 0, "running", "completed"],
    ["stopped", 0, "stopped", "stopped"],
    ["stopped", null, "running", "stopped"],
    ["crashed", 1, "running", "crashed"],
  ] as const;
  for (const [state, code, desired, shown] of rows) {
    assertEquals(shownState({ state, exit_code: code }, { desired }), shown);
  }
});
