import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { Envelope } from "../../../../src/socket/framing/envelope.ts";
import { FrameDecoder } from "../../../../src/socket/framing/frame_decoder.ts";
import { FrameError } from "../../../../src/socket/framing/frame_error.ts";
import { FrameWriter } from "../../../../src/socket/framing/frame_writer.ts";
import type { Framing } from "../../../../src/socket/framing/framing.ts";
import { insideObject } from "../../../../src/socket/framing/json_text.ts";
import { LIMITS } from "../../../../src/socket/limits.ts";

/** A socket that takes every write at once, or holds it until told. */
class Sink {
  readonly writes: Buffer[] = [];
  holds = false;
  #held: Buffer | undefined;

  write(bytes: Buffer): boolean {
    if (this.#held !== undefined) throw new Error("A write while the last one has not drained");
    if (this.holds) {
      this.#held = bytes;
      return false;
    }
    this.writes.push(Buffer.from(bytes));
    return true;
  }

  /** Takes what is held as it is now: memory that was reused too early shows. */
  release(): void {
    if (this.#held !== undefined) this.writes.push(Buffer.from(this.#held));
    this.#held = undefined;
  }

  frames(framing: Framing): string[] {
    const frames: string[] = [];
    const decoder = new FrameDecoder({ framing, maxFrameBytes: LIMITS.frameCeiling });
    decoder.push(
      Buffer.concat(this.writes),
      (bytes, start, end) => frames.push(bytes.toString("utf8", start, end)),
    );
    return frames;
  }
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

function writerTo(sink: Sink, framing: Framing, maxFrameBytes: number = LIMITS.frame): FrameWriter {
  return new FrameWriter({ framing, maxFrameBytes, write: (bytes) => sink.write(bytes) });
}

for (const framing of ["length", "lines"] as const) {
  Deno.test(`FrameWriter (${framing}) makes one write of a turn's frames`, async () => {
    const sink = new Sink();
    const writer = writerTo(sink, framing);
    const texts = ["[1]", '"é\u{1f600}"', '"\ud800"', JSON.stringify("x".repeat(50_000)), "[2]"];
    for (const text of texts) writer.push(text);
    assertEquals(sink.writes.length, 0);
    await Promise.resolve();
    assertEquals(sink.writes.length, 1);
    assertEquals(writer.queuedBytes, 0);
    assertEquals(sink.frames(framing), texts.map((text) => text.toWellFormed()));
  });

  Deno.test(`FrameWriter (${framing}) leaves the memory that the socket holds alone until it has drained`, async () => {
    const sink = new Sink();
    const writer = writerTo(sink, framing);
    const texts: string[] = [];
    for (let round = 0; round < 50; round++) {
      sink.holds = round % 3 !== 0;
      for (let i = 0; i < 20; i++) {
        const text = JSON.stringify(`${round}.${i}`.repeat(round * 7));
        texts.push(text);
        writer.push(text);
      }
      await Promise.resolve();
      if (round % 2 === 0) {
        sink.release();
        sink.holds = false;
        writer.drained();
      }
    }
    sink.holds = false;
    sink.release();
    writer.drained();
    await Promise.resolve();
    assertEquals(writer.queuedBytes, 0);
    assertEquals(sink.frames(framing), texts);
  });

  Deno.test(`FrameWriter (${framing}) takes a text at the limit, refuses one past it, and goes on`, async () => {
    const sink = new Sink();
    const writer = writerTo(sink, framing, 10_000);
    const texts = [`"${"x".repeat(9_998)}"`, `"${"é".repeat(4_999)}"`];
    for (const text of texts) {
      writer.push(text);
      for (const past of [text.replace('"', '"x'), text.replace('"', '"é')]) {
        const error = assertThrows(() => writer.push(past), FrameError, "at most 10000");
        assertEquals(error.kind, "too-large");
      }
    }
    await Promise.resolve();
    assertEquals(sink.frames(framing), texts);
  });
}

Deno.test("FrameWriter counts queued bytes, those that the socket holds included", async () => {
  const sink = new Sink();
  sink.holds = true;
  const writer = writerTo(sink, "length");
  writer.push("[1]");
  assertEquals(writer.queuedBytes, 7);
  await Promise.resolve();
  writer.push("[22]");
  assertEquals(writer.queuedBytes, 15);
  assertEquals(writer.blocked, true);
  sink.release();
  sink.holds = false;
  writer.drained();
  assertEquals(writer.queuedBytes, 0);
  assertEquals(writer.blocked, false);
});

Deno.test("FrameWriter refuses what the peer would refuse", () => {
  const writer = writerTo(new Sink(), "length");
  assertThrows(() => writer.push("[".repeat(65) + "]".repeat(65)), FrameError, "deep");
  assertThrows(() => writer.push('{"__proto__":1}'), FrameError, "__proto__");
  assertEquals(writer.queuedBytes, 0);
});

Deno.test("FrameWriter that gathers writes once what a sender that waits for each message sends", async () => {
  const sink = new Sink();
  const writer = new FrameWriter({ framing: "lines", gathers: true, write: (bytes) => sink.write(bytes) });
  for (let n = 0; n < 100; n++) {
    writer.push(`${n}`);
    await Promise.resolve();
  }
  await turn();
  assertEquals(sink.writes.length, 1);
  assertEquals(sink.frames("lines"), Array.from({ length: 100 }, (_, n) => `${n}`));
  for (let bytes = 0; bytes < 200_000; bytes += 1_000) {
    writer.push(JSON.stringify("x".repeat(1_000)));
    await Promise.resolve();
  }
  assertEquals(sink.writes.length > 3, true);
});

Deno.test("FrameWriter writes many requests of one turn in several writes, in order", async () => {
  const envelope = new Envelope('{"id":"', '","data":', { keys: 2 });
  for (const gathers of [true, false]) {
    const sink = new Sink();
    const writer = new FrameWriter({ framing: "lines", gathers, write: (bytes) => sink.write(bytes) });
    for (let id = 1; id <= 900; id++) writer.pushIn(envelope, id, "{}");
    await turn();
    assertEquals(sink.writes.length, 3);
    assertEquals(
      sink.frames("lines"),
      Array.from({ length: 900 }, (_, at) => `{"id":"${at + 1}","data":{}}`),
    );
  }
});

Deno.test("FrameWriter that gathers keeps requests in order while the socket takes nothing", async () => {
  const envelope = new Envelope('{"id":"', '","data":', { keys: 2 });
  const sink = new Sink();
  const writer = new FrameWriter({ framing: "lines", gathers: true, write: (bytes) => sink.write(bytes) });
  sink.holds = true;
  for (let id = 1; id <= 900; id++) writer.pushIn(envelope, id, "{}");
  await turn();
  assertEquals(writer.blocked, true);
  sink.holds = false;
  sink.release();
  writer.drained();
  await turn();
  assertEquals(writer.queuedBytes, 0);
  assertEquals(sink.frames("lines").length, 900);
  assertEquals(sink.frames("lines")[899], '{"id":"900","data":{}}');
});

Deno.test("FrameWriter that gathers writes a lone text before the turn ends", async () => {
  const sink = new Sink();
  const writer = new FrameWriter({ framing: "lines", gathers: true, write: (bytes) => sink.write(bytes) });
  writer.push("1");
  for (let i = 0; i < 4; i++) await Promise.resolve();
  assertEquals(sink.writes.length, 1);
});

Deno.test("FrameWriter writes what a full socket kept waiting in the order in which it was pushed", async () => {
  const sink = new Sink();
  sink.holds = true;
  const writer = writerTo(sink, "length");
  const texts = Array.from(
    { length: 60 },
    (_, n) => JSON.stringify(`${n}`.repeat(n % 3 === 0 ? 40_000 : 10)),
  );
  const bytes = texts.reduce((sum, text) => sum + text.length + 4, 0);
  for (const text of texts) {
    writer.push(text);
    await Promise.resolve();
    assertThrows(() => writer.push("[".repeat(100_000)), FrameError, "deep");
  }
  assertEquals(writer.queuedBytes, bytes);
  sink.release();
  sink.holds = false;
  writer.drained();
  assertEquals(writer.queuedBytes, 0);
  assertEquals(sink.frames("length"), texts);
});

Deno.test("FrameWriter writes a whole number as its digits", async () => {
  const sink = new Sink();
  const writer = writerTo(sink, "lines");
  const numbers = [
    0,
    9,
    10,
    99,
    100,
    4_294_967_296,
    999_999_999_999_999,
    2 ** 53 - 2,
    Number.MAX_SAFE_INTEGER,
  ];
  for (const number of numbers) writer.push(number);
  await Promise.resolve();
  assertEquals(sink.frames("lines"), numbers.map(String));
});

Deno.test("FrameWriter counts what is around a text for the limits of size, depth and keys", async () => {
  const sink = new Sink();
  const writer = writerTo(sink, "lines", 10_000);
  const around = { head: Buffer.from('{"a":'), tail: Buffer.from("}"), limits: insideObject(1) };
  const texts = [`"${"x".repeat(9_992)}"`, "[".repeat(63) + "]".repeat(63)];
  for (const text of texts) writer.push(text, around);
  assertThrows(() => writer.push(`"${"x".repeat(9_993)}"`, around), FrameError, "message of 10001 bytes");
  assertThrows(() => writer.push("[".repeat(64) + "]".repeat(64), around), FrameError, "deep");
  const large = writerTo(sink, "lines");
  const keys = (count: number) => `{${Array.from({ length: count }, (_, n) => `"${n}":0`).join()}}`;
  assertThrows(() => large.push(keys(LIMITS.jsonKeys), around), FrameError, "keys");
  large.push(keys(LIMITS.jsonKeys - 1), around);
  await Promise.resolve();
  assertEquals(sink.frames("lines").slice(0, 2), texts.map((text) => `{"a":${text}}`));
});

Deno.test("FrameWriter gives shared bytes to the socket as they are, behind what is queued, and lends them to no other", async () => {
  const writes: string[] = [];
  let taken = false;
  const writer = new FrameWriter({
    framing: "lines",
    write: (bytes) => {
      writes.push(bytes.toString());
      return taken;
    },
  });
  const shared = Buffer.from("x".repeat(1024));
  writer.pushShared(shared);
  assertEquals([writes.length, writer.blocked, writer.queuedBytes], [1, true, 1024]);
  writer.pushShared(Buffer.from("second\n"));
  assertEquals(writes.length, 1);
  taken = true;
  writer.drained();
  writer.push("3");
  writer.pushShared(Buffer.from("fourth\n"));
  await Promise.resolve();
  assertEquals(writes.slice(1), ["second\n", "3\nfourth\n"]);
  assertEquals(shared.toString(), "x".repeat(1024));
});
