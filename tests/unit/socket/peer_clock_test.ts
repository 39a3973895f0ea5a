import { assertEquals } from "@std/assert";
import { PeerClock } from "../../../src/socket/peer_clock.ts";

const LIMITS = {
  firstFrameTimeoutMs: 1_000,
  frameTimeoutMs: 2_000,
  drainTimeoutMs: 3_000,
  keepAliveMs: 5_000,
};
const OPEN = { silent: false, closing: false, keepAlive: false };

Deno.test("look() takes bytes without a message for silence, however often they come", () => {
  const clock = new PeerClock(0);
  for (let at = 200; at <= 1_000; at += 200) clock.heard(at, { partial: false, frames: 1 });
  assertEquals(clock.look(1_001, LIMITS, { ...OPEN, silent: true }), {
    kind: "late",
    message: "No message within 1 s of connecting",
  });
});

Deno.test("look() says when the first frame is late, and waits as long as the limit says", () => {
  const clock = new PeerClock(0);
  assertEquals(clock.look(1_000, LIMITS, { ...OPEN, silent: true }), undefined);
  assertEquals(clock.look(1_001, LIMITS, { ...OPEN, silent: true }), {
    kind: "late",
    message: "No message within 1 s of connecting",
  });
});

Deno.test("look() counts a frame's time from its first bytes, and a new frame's from its own", () => {
  const clock = new PeerClock(0);
  clock.heard(100, { partial: true, frames: 0 });
  clock.heard(1_000, { partial: true, frames: 0 });
  assertEquals(clock.look(2_100, LIMITS, OPEN), undefined);
  assertEquals(clock.look(2_101, LIMITS, OPEN), {
    kind: "late",
    message: "A message did not end within 2 s",
  });
  clock.heard(2_200, { partial: true, frames: 1 });
  assertEquals(clock.look(4_200, LIMITS, OPEN), undefined);
  clock.heard(4_200, { partial: false, frames: 1 });
  assertEquals(clock.look(10_000, LIMITS, OPEN), undefined);
});

Deno.test("look() gives up a peer that takes no output, a closing one too; progress starts the time anew", () => {
  const clock = new PeerClock(0);
  clock.stuck(10);
  clock.stuck(2_000);
  assertEquals(clock.look(3_010, LIMITS, OPEN), undefined);
  const lost = { kind: "lost", reason: "slow_consumer" } as const;
  assertEquals(clock.look(3_011, LIMITS, OPEN), lost);
  assertEquals(clock.look(3_011, LIMITS, { ...OPEN, closing: true }), lost);
  clock.drained();
  assertEquals(clock.look(9_000, LIMITS, { ...OPEN, closing: true }), undefined);
});

Deno.test("look() asks a quiet peer twice for a sign of life, and then gives it up", () => {
  const clock = new PeerClock(0);
  const asked = { ...OPEN, keepAlive: true };
  assertEquals(clock.look(4_999, LIMITS, asked), undefined);
  assertEquals(clock.look(5_000, LIMITS, asked), { kind: "ping", number: 1 });
  assertEquals(clock.look(9_999, LIMITS, asked), undefined);
  assertEquals(clock.look(10_000, LIMITS, asked), { kind: "ping", number: 2 });
  assertEquals(clock.look(15_000, LIMITS, asked), { kind: "lost", reason: "no answer to two pings" });
  clock.heard(15_000, { partial: false, frames: 1 });
  assertEquals(clock.look(20_000, LIMITS, asked), { kind: "ping", number: 1 });
});

Deno.test("dueAt() is when look() has something to say next", () => {
  const clock = new PeerClock(0);
  assertEquals(clock.dueAt(LIMITS, OPEN), Infinity);
  assertEquals(clock.dueAt(LIMITS, { ...OPEN, silent: true }), 1_000);
  const asked = { ...OPEN, keepAlive: true };
  clock.heard(100, { partial: true, frames: 0 });
  assertEquals(clock.dueAt(LIMITS, asked), 2_100);
  clock.heard(200, { partial: false, frames: 1 });
  assertEquals(clock.dueAt(LIMITS, asked), 5_200);
  clock.look(5_200, LIMITS, asked);
  assertEquals(clock.dueAt(LIMITS, asked), 10_200);
  clock.stuck(3_000);
  assertEquals(clock.dueAt(LIMITS, asked), 6_000);
  assertEquals(clock.dueAt(LIMITS, { ...asked, closing: true }), 6_000);
  clock.drained();
  assertEquals(clock.dueAt(LIMITS, { ...asked, closing: true }), Infinity);
});
