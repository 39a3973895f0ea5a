import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ShuttingDown } from "../../../src/channel/errors.ts";
import { ShutdownState } from "../../../src/channel/shutdown_state.ts";

Deno.test("ShutdownState is shared by what is to end together; a guard is given back once", () => {
  const state = new ShutdownState();
  const guard = state.begin("upload");
  assertEquals(state.inFlight, 1);
  state.shutdown();
  assertMatch(String(assertThrows(() => state.begin("late"), ShuttingDown)), /"late" comes too late/);
  guard[Symbol.dispose]();
  guard[Symbol.dispose]();
  assertEquals(state.inFlight, 0);
});
