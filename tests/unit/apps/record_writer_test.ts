import { assertEquals } from "@std/assert";
import type { AppRecord } from "../../../src/apps/journal/app_record.ts";
import type { Journal } from "../../../src/apps/journal/journal.ts";
import { RecordWriter } from "../../../src/apps/journal/record_writer.ts";
import { FakeClock } from "../process/fakes.ts";

function withWriter() {
  const clock = new FakeClock();
  const writes: [name: string, durable: boolean][] = [];
  const state = { name: "a", failure: undefined as Error | undefined };
  const errors: unknown[] = [];
  const journal = {
    write({ name }: AppRecord, { durable }: { durable: boolean }) {
      if (state.failure !== undefined) throw state.failure;
      writes.push([name, durable]);
    },
  } as unknown as Journal;
  const writer = new RecordWriter({
    journal,
    clock,
    record: () => ({ name: state.name }) as AppRecord,
    onError: (error) => errors.push(error),
  });
  return { clock, writes, state, errors, writer };
}

Deno.test("RecordWriter writes changes that come together once, as the app is then", async () => {
  const { clock, writes, state, writer } = withWriter();
  writer.soon();
  writer.soon({ durable: true });
  state.name = "b";
  writer.soon();
  assertEquals(writes, []);
  await clock.pass(20);
  assertEquals([writes, clock.timers], [[["b", true]], 0]);
  writer.flush();
  writer.soon();
  writer.flush();
  await clock.pass(1_000);
  assertEquals(writes, [["b", true], ["b", false]]);
});

Deno.test("RecordWriter.now() takes along what waits, and nothing is written after its end", async () => {
  const { clock, writes, writer } = withWriter();
  writer.soon({ durable: true });
  writer.now();
  await clock.pass(1_000);
  assertEquals(writes, [["a", true]]);
  writer.soon();
  writer[Symbol.dispose]();
  writer.flush();
  await clock.pass(1_000);
  assertEquals(writes, [["a", true]]);
});

Deno.test("RecordWriter: what is wanted stays durable until a write succeeds", () => {
  const { writes, state, errors, writer } = withWriter();
  state.failure = new Error("full");
  writer.soon({ durable: true });
  writer.now();
  state.failure = undefined;
  writer.now();
  assertEquals([errors.length, writes], [1, [["a", true]]]);
});
