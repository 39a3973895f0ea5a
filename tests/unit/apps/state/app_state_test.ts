import { assertEquals } from "@std/assert";
import { worstState } from "../../../../src/apps/state/app_state.ts";

Deno.test("worstState() is the one that needs attention first", () => {
  assertEquals(worstState(["running", "crashed", "healthy"]), "crashed");
  assertEquals(worstState(["stopped", "running"]), "running");
  assertEquals(worstState([]), "stopped");
});
