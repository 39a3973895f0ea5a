import { assertEquals } from "@std/assert";
import { Insistence } from "../../../src/tasks/front/insistence.ts";

function pressing({ isAtPrompt }: { isAtPrompt: boolean }) {
  let now = 0;
  const insistence = new Insistence({ now: () => now });
  return (afterMs: number) => {
    now += afterMs;
    return insistence.press() ? insistence.decide({ isAtPrompt }) : undefined;
  };
}

Deno.test("Insistence: a second and a third Ctrl-C in a row mean the command, and one after a pause is a first one", () => {
  const press = pressing({ isAtPrompt: false });
  assertEquals([press(0), press(60_000), press(500), press(500), press(500)], [
    undefined,
    undefined,
    "SIGTERM",
    "SIGKILL",
    undefined,
  ]);
});

Deno.test("Insistence: at a prompt Ctrl-C clears the line, however often it is pressed", () => {
  const press = pressing({ isAtPrompt: true });
  assertEquals([press(0), press(100), press(100), press(100)], [undefined, undefined, undefined, undefined]);
});

Deno.test("Insistence: presses at once are one, until the command had its moment to handle it", () => {
  const insistence = new Insistence({ now: () => 0 });
  assertEquals([insistence.press(), insistence.press(), insistence.press()], [false, true, false]);
  assertEquals(insistence.decide({ isAtPrompt: false }), "SIGTERM");
  assertEquals([insistence.press(), insistence.decide({ isAtPrompt: false })], [true, "SIGKILL"]);
});
