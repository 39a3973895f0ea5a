import { assert, assertEquals } from "@std/assert";
import { FrameArena } from "../../../src/hub/frame_arena.ts";
import { frameIn } from "../../../src/socket/framing/shared_frame.ts";

Deno.test("FrameArena keeps frames whole and apart, short ones together and a long one by itself", () => {
  const arena = new FrameArena();
  const texts = Array.from({ length: 3000 }, (_, n) => JSON.stringify({ n, text: "ü".repeat(n % 300) }));
  texts.splice(1000, 0, JSON.stringify("x".repeat(100_000)));
  const kept = texts.map((text) => arena.add(text));
  for (const [index, { piece, start, size }] of kept.entries()) {
    const frame = piece.bytes.subarray(start, start + size);
    assertEquals(frameIn("lines", frame).toString("utf8"), `${texts[index]}\n`);
    assertEquals(frame.readUInt32LE(0), size - 5);
  }
  const memory = new Set(kept.map(({ piece }) => piece.bytes.buffer));
  assert(memory.size > 2 && memory.size < 20, `${memory.size} pieces`);
});
