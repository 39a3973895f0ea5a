import { assertEquals } from "@std/assert";
import { Insistence } from "../../../src/tasks/front/insistence.ts";

Deno.test("Insistence: a second and a third Ctrl-C in a row mean the command, and one after a pause is a first one", () => {
  let now = 0;
  const insistence = new Insistence({ now: () => now });
  const press = (afterMs: number) => {
    now += afterMs;
    return insistence.press();
  };
  assertEquals([press(0), press(60_000), press(500), press(500), press(500)], [
    undefined,
    undefined,
    "SIGTERM",
    "SIGKILL",
    undefined,
  ]);
});

Deno.test("Insistence: at a prompt Ctrl-C clears the line, however often it is pressed", () => {
  const insistence = new Insistence({ now: () => 0 });
  const presses = [1, 2, 3, 4].map(() => insistence.press({ isAtPrompt: () => true }));
  assertEquals(presses, [undefined, undefined, undefined, undefined]);
});
