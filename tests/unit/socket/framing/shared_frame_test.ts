import { assertEquals } from "@std/assert";
import { FrameDecoder } from "../../../../src/socket/framing/frame_decoder.ts";
import { frameIn, sharedFrame } from "../../../../src/socket/framing/shared_frame.ts";

Deno.test("sharedFrame() is the same message in both framings, which FrameDecoder reads back", () => {
  const json = '{"text":"é"}';
  for (const framing of ["length", "lines"] as const) {
    const texts: string[] = [];
    new FrameDecoder().push(
      frameIn(framing, sharedFrame(json)),
      (bytes, start, end) => texts.push(bytes.toString("utf8", start, end)),
    );
    assertEquals(texts, [json], framing);
  }
});

Deno.test("frameIn() gives a length before the text, or a newline after it, and nothing else", () => {
  const frame = sharedFrame('"é"');
  assertEquals([...frameIn("length", frame)], [4, 0, 0, 0, 0x22, 0xc3, 0xa9, 0x22]);
  assertEquals([...frameIn("lines", frame)], [0x22, 0xc3, 0xa9, 0x22, 0x0a]);
});
