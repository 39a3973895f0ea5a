import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { FrameDecoder, type FrameDecoderOptions } from "../../../../src/socket/framing/frame_decoder.ts";
import { FrameError } from "../../../../src/socket/framing/frame_error.ts";
import { preamble } from "../../../../src/socket/framing/framing.ts";
import { LIMITS } from "../../../../src/socket/limits.ts";

function lengths(...texts: string[]): Buffer {
  return Buffer.concat(texts.map((text) => {
    const frame = Buffer.alloc(4 + Buffer.byteLength(text));
    frame.writeUInt32LE(frame.length - 4);
    frame.write(text, 4);
    return frame;
  }));
}

function lines(...texts: string[]): Buffer {
  return Buffer.from(texts.map((text) => `${text}\n`).join(""));
}

/** The frames of the chunks, each chunk overwritten after its push as a socket's buffer is. */
function decode(chunks: Buffer[], options: FrameDecoderOptions = {}): string[] {
  const decoder = new FrameDecoder(options);
  const frames: string[] = [];
  for (const chunk of chunks) {
    const copy = Buffer.from(chunk);
    decoder.push(copy, (bytes, start, end) => frames.push(bytes.toString("utf8", start, end)));
    copy.fill(0xff);
  }
  return frames;
}

const TEXTS = ['{"a":1}', "[]", '"héllo \u{1f600}"', "1234", '{"type":"ping"}'];

for (const [name, encode] of [["length", lengths], ["lines", lines]] as const) {
  Deno.test(`FrameDecoder (${name}) gives the same frames wherever the bytes are cut in two`, () => {
    const bytes = encode(...TEXTS);
    for (let cut = 0; cut <= bytes.length; cut++) {
      assertEquals(decode([bytes.subarray(0, cut), bytes.subarray(cut)]), TEXTS);
    }
  });

  Deno.test(`FrameDecoder (${name}) gives the same frames wherever the bytes are cut in three`, () => {
    const bytes = encode(...TEXTS.slice(0, 3));
    for (let a = 0; a <= bytes.length; a++) {
      for (let b = a; b <= bytes.length; b++) {
        assertEquals(
          decode([bytes.subarray(0, a), bytes.subarray(a, b), bytes.subarray(b)]),
          TEXTS.slice(0, 3),
        );
      }
    }
  });

  Deno.test(`FrameDecoder (${name}) gives the same frames byte by byte`, () => {
    assertEquals(decode([...encode(...TEXTS)].map((byte) => Buffer.of(byte))), TEXTS);
  });

  Deno.test(`FrameDecoder (${name}) gives every whole frame of every truncation, and is partial inside one`, () => {
    const bytes = encode(...TEXTS);
    const ends = TEXTS.map((_, i) => encode(...TEXTS.slice(0, i + 1)).length);
    for (let length = 0; length <= bytes.length; length++) {
      const decoder = new FrameDecoder({ framing: name });
      let frames = 0;
      decoder.push(bytes.subarray(0, length), () => frames++);
      assertEquals(frames, ends.filter((end) => end <= length).length);
      assertEquals(decoder.partial, length !== 0 && !ends.includes(length));
    }
  });

  Deno.test(`FrameDecoder (${name}) skips empty frames, among them the preamble`, () => {
    const bytes = Buffer.concat([preamble(name), encode("[1]"), encode(""), encode("[2]")]);
    assertEquals(decode([bytes]), ["[1]", "[2]"]);
    assertEquals(decode([...bytes].map((byte) => Buffer.of(byte))), ["[1]", "[2]"]);
  });

  Deno.test(`FrameDecoder (${name}) passes a frame at the limit and refuses one past it`, () => {
    const at = "x".repeat(1000);
    const bytes = encode("[1]", at);
    for (
      const chunks of [
        [bytes],
        [bytes.subarray(0, 500), bytes.subarray(500)],
        [...bytes].map((b) => Buffer.of(b)),
      ]
    ) {
      assertEquals(decode(chunks, { maxFrameBytes: 1000 }), ["[1]", at]);
    }
    const past = encode("[1]", `${at}x`);
    for (
      const chunks of [
        [past],
        [past.subarray(0, 500), past.subarray(500)],
        [...past].map((b) => Buffer.of(b)),
      ]
    ) {
      const error = assertThrows(() => decode(chunks, { maxFrameBytes: 1000 }), FrameError, "at most 1000");
      assertEquals(error.kind, "too-large");
    }
  });

  Deno.test(`FrameDecoder (${name}) hands on nothing more once it is stopped`, () => {
    const decoder = new FrameDecoder();
    const frames: string[] = [];
    decoder.push(encode("[1]", "[2]", "[3]"), (bytes, start, end) => {
      frames.push(bytes.toString("utf8", start, end));
      if (frames.length === 2) decoder.stop();
    });
    assertEquals(frames, ["[1]", "[2]"]);
  });
}

Deno.test("FrameDecoder tells the framing by the fourth byte, and keeps it", () => {
  const decoder = new FrameDecoder();
  assertEquals(decoder.framing, undefined);
  decoder.push(Buffer.from("[1]"), () => {});
  assertEquals(decoder.framing, undefined);
  decoder.push(Buffer.from("\n"), () => {});
  assertEquals(decoder.framing, "lines");
  // 0x0a0a0a as the first three bytes of a length differ from three newlines only by the fourth byte.
  assertEquals(decode([Buffer.from([0x0a, 0x0a, 0x0a, 0x0a])]), []);
  const long = "x".repeat(0x0a0a0a);
  assertEquals(decode([lengths(long)])[0]?.length, long.length);
});

Deno.test("FrameDecoder refuses a length before any memory is taken for it", () => {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(LIMITS.frame + 1);
  assertThrows(() => decode([header]), FrameError, `${LIMITS.frame + 1} bytes`);
  header.writeUInt32LE(0xffffffff);
  assertThrows(() => decode([header], { framing: "length" }), FrameError, "4294967295 bytes");
});

Deno.test("FrameDecoder takes no memory for what a length only claims", () => {
  const before = Deno.memoryUsage().external;
  const decoders = Array.from(
    { length: 100 },
    () => new FrameDecoder({ maxFrameBytes: LIMITS.frameCeiling }),
  );
  const header = Buffer.alloc(5);
  header.writeUInt32LE(LIMITS.frameCeiling);
  for (const decoder of decoders) decoder.push(header, () => {});
  assert(Deno.memoryUsage().external - before < LIMITS.frameCeiling);
  assert(decoders.every(({ partial }) => partial));
});

Deno.test("FrameDecoder refuses a limit above 16 MiB − 1", () => {
  assertEquals(new FrameDecoder({ maxFrameBytes: 1e9 }).maxFrameBytes, LIMITS.frameCeiling);
});

Deno.test("FrameDecoder.settle() takes fewer than four bytes for a line once the peer has paused, and only then", () => {
  const decoder = new FrameDecoder();
  const texts: string[] = [];
  const onFrame = (bytes: Buffer, start: number, end: number) => {
    texts.push(bytes.toString("utf8", start, end));
  };
  decoder.push(Buffer.from("1"), onFrame);
  decoder.settle(onFrame);
  assertEquals([texts, decoder.framing], [[], undefined]);
  decoder.push(Buffer.from("\n"), onFrame);
  assertEquals(texts, []);
  decoder.settle(onFrame);
  assertEquals([texts, decoder.framing, decoder.partial], [["1"], "lines", false]);
  decoder.push(Buffer.from("{}\n"), onFrame);
  assertEquals(texts, ["1", "{}"]);
});
