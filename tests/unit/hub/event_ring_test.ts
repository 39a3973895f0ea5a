import { assert, assertEquals } from "@std/assert";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { EventRing } from "../../../src/hub/event_ring.ts";
import { LIMITS } from "../../../src/socket/limits.ts";
import { frameIn } from "../../../src/socket/framing/shared_frame.ts";

function push(ring: EventRing, data: unknown) {
  return ring.push({ type: "t.x", subject: undefined, time: 0, data });
}

/** What an event that is kept says. */
function said(ring: EventRing, seq: number): unknown {
  const event = ring.get(seq);
  return event === undefined ? undefined : JSON.parse(frameIn("lines", event.frame).toString()).data;
}

Deno.test("EventRing numbers events from 1 and gives them back by number", () => {
  const ring = new EventRing({ events: 4, bytes: 1_000_000 });
  assertEquals([push(ring, "a").seq, push(ring, "b").seq], [1, 2]);
  assertEquals([ring.first, ring.next, said(ring, 2), ring.get(3), ring.get(0)], [
    1,
    3,
    "b",
    undefined,
    undefined,
  ]);
});

Deno.test("EventRing keeps as many events as its limit and forgets the oldest one past it", () => {
  const ring = new EventRing({ events: 4, bytes: 1_000_000 });
  for (let i = 1; i <= 4; i++) push(ring, i);
  assertEquals(ring.first, 1);
  push(ring, 5);
  assertEquals([ring.first, ring.get(1), said(ring, 2), said(ring, 5)], [2, undefined, 2, 5]);
});

Deno.test("EventRing keeps as many bytes as its limit, and the newest event whatever its size", () => {
  const size = push(new EventRing({ events: 9, bytes: 1e6 }), "x").frame.length;
  const ring = new EventRing({ events: 100, bytes: 3 * size });
  for (let i = 0; i < 3; i++) push(ring, "x");
  assertEquals([ring.first, ring.bytes], [1, 3 * size]);
  push(ring, "x");
  assertEquals([ring.first, ring.bytes], [2, 3 * size]);
  push(ring, "y".repeat(10 * size));
  assertEquals([ring.first, ring.next], [5, 6]);
});

Deno.test("EventRing serialises an event once, as the message that every reader gets", () => {
  const { frame } = new EventRing({ events: 1, bytes: 1 }).push({
    type: "app.x",
    subject: "api",
    time: 7,
    data: { text: "é" },
  });
  assertEquals(
    frameIn("lines", frame).toString("utf8"),
    '{"type":"event","event":"app.x","seq":1,"time":7,"subject":"api","data":{"text":"é"}}\n',
  );
});

Deno.test("EventRing keeps a notice in place of an event that no reader would take", () => {
  const ring = new EventRing({ events: 9, bytes: 1e7 });
  const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));
  const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [n, 0]));
  const { length: around } = frameIn("length", push(ring, "").frame).subarray(4);
  const room = LIMITS.frame - around;
  const rows: [data: unknown, kept: boolean][] = [
    ["x".repeat(room), true],
    ["x".repeat(room + 1), false],
    [nested(63), true],
    [nested(64), false],
    [["[".repeat(100), { ["}".repeat(100)]: "]" }], true],
    [keys(LIMITS.jsonKeys - 5), true],
    [keys(LIMITS.jsonKeys - 4), false],
  ];
  for (const [data, kept] of rows) {
    const event = push(ring, data);
    const { event: said, data: sent } = JSON.parse(frameIn("lines", event.frame).toString("utf8"));
    const notice = { from: event.seq, to: event.seq, dropped: 1 };
    assertEquals([said, sent], kept ? ["t.x", data] : ["lagged", notice]);
  }
});

Deno.test("EventRing gives back what it held after a rest, however its readers take turns", () => {
  let before = 0;
  let after = 0;
  let unpacked = 0;
  const packer = {
    pack(bytes: Uint8Array) {
      const packed = deflateRawSync(bytes);
      before += bytes.length;
      after += packed.length;
      return packed;
    },
    unpack(packed: Uint8Array) {
      unpacked++;
      return inflateRawSync(packed);
    },
  };
  const ring = new EventRing({ events: 10_000, bytes: 1e7 }, { packer });
  const texts = Array.from({ length: 3_000 }, (_, n) => `${n} `.repeat(n % 200));
  texts[1_000] = "x".repeat(100_000);
  for (const text of texts) push(ring, text);
  const view = ring.get(7)?.frame;
  const seen = view?.toString();
  ring.rest();
  assert(before > 1e6 && after < before / 2, `${before} became ${after}`);
  // What is compressed stays so, and what comes afterwards is whole as well.
  const packedOnce = before;
  for (const text of texts) push(ring, text);
  for (let n = 0; n < texts.length; n++) {
    for (const seq of [n + 1, texts.length - n, texts.length + n + 1]) {
      assertEquals(said(ring, seq), texts[(seq - 1) % texts.length]);
    }
  }
  assertEquals(view?.toString(), seen);
  const took = unpacked;
  for (let seq = 1; seq <= texts.length; seq++) said(ring, seq);
  assert(unpacked - took < 20, `${unpacked - took} pieces were unpacked for one reader`);
  ring.rest();
  assert(before < 2.2 * packedOnce, "a piece was compressed twice");
});

Deno.test("EventRing keeps as it is what compressing makes no smaller", () => {
  let tried = 0;
  const packer = {
    pack: (bytes: Uint8Array) => (tried++, bytes),
    unpack: (): never => {
      throw new Error("It was kept compressed");
    },
  };
  const ring = new EventRing({ events: 100, bytes: 1e7 }, { packer });
  push(ring, "x".repeat(100_000));
  for (let n = 0; n < 2; n++) ring.rest();
  assertEquals([tried, said(ring, 1)], [1, "x".repeat(100_000)]);
});
