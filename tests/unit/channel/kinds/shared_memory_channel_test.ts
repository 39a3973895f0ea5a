import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { existsSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  Disconnected,
  ReceiveFailed,
  Serialization,
  ShuttingDown,
  ThreadChannel,
} from "../../../../src/channel/mod.ts";
import {
  type PayloadMessage,
  SharedMemoryChannel,
} from "../../../../src/channel/kinds/shared_memory_channel.ts";
import { SegmentBlocks } from "../../../../src/channel/kinds/segment_blocks.ts";
import { openSegment, segmentDirectory } from "../../../../src/channel/kinds/shared_segment.ts";

const ignore = !existsSync("/dev/shm");

function pair(size = 1024 * 1024): [SharedMemoryChannel, SharedMemoryChannel] {
  const [near, far] = ThreadChannel.pair("below");
  return [SharedMemoryChannel.over(near, { size }), SharedMemoryChannel.over(far, { size })];
}

function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed) & 0xff);
}

Deno.test({
  name: "payloads arrive byte for byte beside their message, in order with messages that have none",
  ignore,
  fn: async () => {
    const [near, far] = pair();
    for (let n = 0; n < 20; n++) {
      await near.sendPayload({ type: "data", data: { n } }, bytes(200_000 + n, n));
      await near.sendJson({ n });
      const first: PayloadMessage = await far.recv();
      assertEquals([first.data, first.payload], [{ n }, bytes(200_000 + n, n)]);
      assertEquals(await far.recv(), { type: "data", data: { n } });
    }
    assertEquals(far.metrics().bytes_received, 20 * 200_000 + 190);
    await near.close();
  },
});

Deno.test({
  name: "a sender waits while its segment is full; a payload that can never fit is refused",
  ignore,
  fn: async () => {
    const [near, far] = pair(1024 * 1024);
    await assertRejects(
      () => near.sendPayload({ type: "data" }, new Uint8Array(1024 * 1024 + 1)),
      Serialization,
      "whose segment has 1048576",
    );
    const sends = Array.from(
      { length: 5 },
      (_, n) => near.sendPayload({ type: "data", data: n }, bytes(600_000, n)),
    );
    for (let n = 0; n < 5; n++) {
      const message: PayloadMessage = await far.recv();
      assertEquals([message.data, message.payload], [n, bytes(600_000, n)]);
    }
    await Promise.all(sends);
    await near.close();
  },
});

Deno.test({
  name: "the name of a segment is gone once both have it, and nothing is left after a close",
  ignore,
  fn: async () => {
    const [near, far] = pair();
    await near.sendPayload({ type: "data" }, bytes(10, 1));
    await far.recv();
    await far.sendPayload({ type: "data" }, bytes(10, 1));
    await near.recv();
    await new Promise((resolve) => setTimeout(resolve, 0));
    // Others of this user may have theirs at the same time.
    assertEquals(readdirSync(segmentDirectory()).filter((name) => name.startsWith(`${process.pid}-`)), []);
    await near.close();
    await far.closed;
    await assertRejects(() => far.sendPayload({ type: "data" }, bytes(1, 1)), Disconnected);
  },
});

Deno.test({
  name: "a reader that stalls holds the sender up, and then gets everything in order",
  ignore,
  fn: async () => {
    const [near, far] = pair(1024 * 1024);
    let accepted = 0;
    const sends = Array.from(
      { length: 40 },
      (_, n) => near.sendPayload({ type: "data", data: n }, bytes(100_000, n)).then(() => accepted++),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    // What the reader's side holds, and what the segment does: about a mebibyte each.
    assert(accepted >= 10 && accepted <= 22, `${accepted} were accepted`);
    for (let n = 0; n < 40; n++) {
      const message: PayloadMessage = await far.recv();
      assertEquals([message.data, message.payload?.length, message.payload?.[1]], [n, 100_000, 31 + n]);
    }
    await Promise.all(sends);
    await near.close();
  },
});

Deno.test({
  name: "what had arrived while the reader stalled can be received after a close",
  ignore,
  fn: async () => {
    const [near, far] = pair(1024 * 1024);
    for (let n = 0; n < 18; n++) await near.sendPayload({ type: "data", data: n }, bytes(100_000, n));
    await near.close();
    for (let n = 0; n < 18; n++) assertEquals((await far.recv()).data, n);
    await assertRejects(() => far.recv(), Disconnected);
  },
});

Deno.test({
  name: "a shutdown refuses new payloads, waits for those that wait for room, and each is counted once",
  ignore,
  fn: async () => {
    const [near, far] = pair(4096);
    // The reader's side holds the first two, the third takes the segment, the others wait.
    const sends = [0, 1, 2, 3, 4].map((n) => near.sendPayload({ type: "data", data: n }, bytes(3_000, n)));
    near.shutdown();
    await assertRejects(() => near.sendPayload({ type: "data" }, bytes(1, 1)), ShuttingDown);
    assertEquals((await near.waitForDrain(10)).drained, false);
    for (let n = 0; n < 5; n++) assertEquals((await far.recv()).data, n);
    await Promise.all(sends);
    assertEquals((await near.waitForDrain(1_000)).drained, true);
    assertEquals(near.metrics().messages_sent, 5);
    await near.close();
  },
});

Deno.test({
  name: "a payload whose message is none is refused",
  ignore,
  fn: async () => {
    const [near, far] = ThreadChannel.pair("below");
    const channel = SharedMemoryChannel.over(near, { size: 4096 });
    const segment = await far.recv();
    await far.emit("shm.segment", segment.data);
    await far.emit("shm.payload", { id: 1, offset: 0, length: 1, message: { type: 7 } });
    await assertRejects(() => channel.recv(), ReceiveFailed, "a payload without a message");
    await channel.closed;
  },
});

Deno.test({
  name: "a peer that names a payload outside of its segment is refused, and nothing is read",
  ignore,
  fn: async () => {
    for (
      const place of [{ offset: -1, length: 1 }, { offset: 0, length: 2 ** 40 }, { offset: 0.5, length: 1 }]
    ) {
      const [near, far] = ThreadChannel.pair("below");
      const channel = SharedMemoryChannel.over(near, { size: 4096 });
      // The peer says the same words as a real one, with a segment of its own.
      const segment = await far.recv();
      await far.emit("shm.segment", segment.data);
      await far.emit("shm.payload", { id: 1, message: { type: "data" }, ...place });
      await assertRejects(() => channel.recv(), ReceiveFailed, "outside of its segment");
      await channel.closed;
    }
  },
});

Deno.test({
  name: "a segment is only opened in the user's own directory, as a regular file of the size that was said",
  ignore,
  fn: () => {
    const directory = segmentDirectory();
    const file = join(directory, "1-test");
    writeFileSync(file, "four", { mode: 0o600 });
    const link = join(directory, "1-link");
    if (!existsSync(link)) symlinkSync(file, link);
    assertStringIncludes(assertThrows(() => openSegment(file, 5), Error).message, "it has 4 bytes, not 5");
    assertStringIncludes(assertThrows(() => openSegment(link, 4), Error).message, "not a regular file");
    assertStringIncludes(
      assertThrows(() => openSegment("/etc/hostname", 4), Error).message,
      "it lies elsewhere",
    );
    Deno.removeSync(link);
    Deno.removeSync(file);
  },
});

Deno.test("SegmentBlocks fills gaps, refuses what does not fit, and frees a block with its last reference", () => {
  const blocks = new SegmentBlocks(256);
  const [a, b, c] = [blocks.take(64), blocks.take(60), blocks.take(100)];
  assertEquals([a?.offset, b?.offset, c?.offset], [0, 64, 128]);
  assertEquals(blocks.take(1), undefined);
  blocks.retain(b?.id ?? 0);
  assertEquals(blocks.giveBack(b?.id ?? 0), true);
  assertEquals(blocks.take(1), undefined);
  blocks.giveBack(b?.id ?? 0);
  assertEquals(blocks.take(1)?.offset, 64);
  assertEquals(blocks.giveBack(999), false);
});
