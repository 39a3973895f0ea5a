import { assertEquals, assertStringIncludes } from "@std/assert";
import { FrameWriter } from "../../../../src/ui/terminal/frame_writer.ts";

Deno.test("FrameWriter writes what changed, and nothing when nothing did", () => {
  const frames = new FrameWriter();
  assertStringIncludes(frames.frame(["one", "two", "three"], 10), "\x1b[J");
  assertEquals(frames.frame(["one", "two", "three"], 10), "");
  assertEquals(
    frames.frame(["one", "2", "three"], 10),
    "\x1b[?2026h\x1b[2;1H\x1b[m2\x1b[m\x1b[K\x1b[?2026l",
  );
  // A screen that has become lower.
  assertEquals(frames.frame(["one"], 10).split("\x1b[K").length, 3);
  frames.forget();
  assertStringIncludes(frames.frame(["one"], 10), "one");
});

Deno.test("FrameWriter erases nothing after a line that fills the screen, and first where widths are in doubt", () => {
  const frames = new FrameWriter();
  assertEquals(frames.frame(["1234"], 4).includes("\x1b[K"), false);
  assertStringIncludes(frames.frame(["你好"], 4), "\x1b[K你好");
});
