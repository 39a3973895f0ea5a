/**
 * Seeded mutations of valid streams: whatever arrives, frames come out or a FrameError does, the same for
 * every cut.
 */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { isMessage } from "../../../../src/protocol/is_message.ts";
import { FrameDecoder } from "../../../../src/socket/framing/frame_decoder.ts";
import { FrameError } from "../../../../src/socket/framing/frame_error.ts";
import { decodeJson } from "../../../../src/socket/framing/json_text.ts";
import { Random, testSeed } from "../../../support/random.ts";

const INPUTS = 250_000;
const MAX_FRAME = 300;

const TEXTS = [
  '{"type":"ping"}',
  '{"type":"event","event":"install.progress","data":{"percent":12.5,"tool":"biome"}}',
  '{"type":"response","id":"7","error":{"code":1,"message":"no \\"way\\" \\\\"}}',
  '{"type":"data","data":"héllo \u{1f600}"}',
  '{"type":"data","data":[[[[{"a":{"b":[]}}]]]]}',
  "[]",
  "",
].map((text) => Buffer.from(text));

const SPICE = [
  "\n",
  "\r\n",
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ":",
  "\0",
  "\0\0\0\0",
  '"__proto__":',
  "\\u005f",
  "\xff",
  "\xc3",
]
  .map((text) => Buffer.from(text, "latin1"));

function stream(random: Random): Buffer {
  const parts: Buffer[] = [];
  const asLines = random.below(2) === 0;
  for (let i = random.below(4) + 1; i > 0; i--) {
    const text = random.pick(TEXTS);
    if (asLines) parts.push(text, Buffer.from("\n"));
    else {
      const header = Buffer.alloc(4);
      header.writeUInt32LE(text.length);
      parts.push(header, text);
    }
  }
  return Buffer.concat(parts);
}

function mutate(bytes: Buffer, random: Random): Buffer {
  let result = bytes;
  for (let i = random.below(4); i > 0; i--) {
    const at = random.below(result.length + 1);
    switch (random.below(5)) {
      case 0:
        result = Buffer.from(result);
        if (at < result.length) result[at] = random.below(256);
        break;
      case 1:
        result = result.subarray(0, at);
        break;
      case 2:
        result = Buffer.concat([result.subarray(0, at), random.pick(SPICE), result.subarray(at)]);
        break;
      case 3:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + random.below(8))]);
        break;
      default:
        result = Buffer.concat([result, result.subarray(at)]);
    }
  }
  return result;
}

/** Frames with their verdicts, and how it ended. */
function verdict(chunks: Buffer[]): string[] {
  const decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME });
  const seen: string[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk, (bytes, start, end) => {
        assert(end > start && end - start <= MAX_FRAME);
        let value: unknown;
        try {
          value = decodeJson(bytes, start, end);
        } catch (error) {
          assert(error instanceof FrameError);
          return seen.push(error.kind);
        }
        // The safe reading and the plain one agree on all that passes.
        assertEquals(value, JSON.parse(bytes.toString("utf8", start, end)));
        seen.push(isMessage(value) ? "message" : "other");
      });
    }
    seen.push(decoder.partial ? "partial" : "whole");
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    seen.push(`broken: ${error.kind}`);
  }
  return seen;
}

Deno.test("framing survives mutated streams, with one verdict wherever they are cut", () => {
  const seed = testSeed();
  const random = new Random(seed);
  const kinds = new Map<string, number>();
  for (let i = 0; i < INPUTS; i++) {
    const bytes = mutate(stream(random), random);
    const cut = random.below(bytes.length + 1);
    try {
      const whole = verdict([bytes]);
      const halves = verdict([bytes.subarray(0, cut), bytes.subarray(cut)]);
      if (whole.join() !== halves.join()) assertEquals(halves, whole);
      for (const kind of whole) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    } catch (error) {
      throw new Error(`Input ${i} of HAFT_TEST_SEED=${seed}, cut at ${cut}: ${bytes.toString("latin1")}`, {
        cause: error,
      });
    }
  }
  console.log(
    `${INPUTS} inputs, HAFT_TEST_SEED=${seed}: ${[...kinds].map(([kind, n]) => `${kind} ${n}`).join(", ")}`,
  );
});
