import { assertEquals } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { textFrom } from "../../../src/daemon/text_from.ts";

Deno.test("textFrom() gives all of a file in whole characters, and begins anew when it has become shorter", () => {
  const path = join(Deno.makeTempDirSync(), "log");
  const whole = "aé€😀".repeat(30_000);
  writeFileSync(path, whole);
  let text = "";
  for (let next = 0, part = textFrom(path, next); part.text !== ""; part = textFrom(path, next)) {
    text += part.text;
    next = part.next;
  }
  assertEquals(text, whole);
  writeFileSync(path, "ab\u00e9".repeat(2));
  assertEquals(textFrom(path, 1_000), { text: "abéabé", next: 8 });
  // The beginning of a character waits for the rest.
  writeFileSync(path, new Uint8Array([0x61, 0xe2, 0x82]));
  assertEquals(textFrom(path, 0), { text: "a", next: 1 });
  assertEquals(textFrom(`${path}.none`, 5), { text: "", next: 0 });
});
