import { assert, assertEquals } from "@std/assert";
import { FrameWriter } from "../../../../src/socket/framing/frame_writer.ts";
import { borrowBuffer, returnBuffer } from "../../../../src/socket/framing/output_buffers.ts";

Deno.test("a borrowed buffer is large enough, and given out again once it was returned", () => {
  for (const size of [1, 1024, 1025, 262_144, 262_145, 3_000_000]) assert(borrowBuffer(size).length >= size);
  const first = borrowBuffer(2000);
  assert(borrowBuffer(2000) !== first);
  returnBuffer(first);
  assert(borrowBuffer(1500) === first);
  const large = borrowBuffer(1_000_000);
  returnBuffer(large);
  assert(borrowBuffer(1_000_000) !== large);
});

Deno.test("what a socket holds until it drains is not overwritten by another connection", async () => {
  const held: Uint8Array[] = [];
  const writer = (taken: boolean) =>
    new FrameWriter({ framing: "lines", write: (bytes) => (held.push(bytes), taken) });
  const slow = writer(false);
  slow.push('"slow"');
  await Promise.resolve();
  for (const other of [writer(true), writer(true)]) {
    other.push('"another"');
    await Promise.resolve();
  }
  const text = (index: number) => new TextDecoder().decode(held[index]);
  assertEquals([text(0), text(2)], ['"slow"\n', '"another"\n']);
  slow.drained();
  assert(borrowBuffer(1).buffer === held[0]?.buffer);
});
