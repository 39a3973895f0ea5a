import { assertEquals, assertStrictEquals } from "@std/assert";
import { FrameFanout, type FrameSink } from "../../../src/hub/frame_fanout.ts";
import { Hub } from "../../../src/hub/hub.ts";
import type { Framing } from "../../../src/socket/framing/framing.ts";

const all = { types: [] };

/** A connection that counts its writes; while it stalls, it is full after one. */
class RecordingSink implements FrameSink {
  readonly writes: Uint8Array[] = [];
  full = false;
  #stalls = false;
  constructor(readonly framing: Framing = "lines") {}

  get stalls(): boolean {
    return this.#stalls;
  }

  /** An end of it is the drain. */
  set stalls(stalls: boolean) {
    this.#stalls = stalls;
    this.full = false;
  }

  write(frames: Uint8Array): boolean {
    this.writes.push(frames);
    this.full = this.#stalls;
    return !this.full;
  }

  get events(): string[] {
    const text = this.writes.map((bytes) => new TextDecoder().decode(bytes)).join("");
    return text.split("\n").filter((line) => line !== "").map((line) => {
      const message = JSON.parse(line);
      return message.seq === undefined
        ? `${message.event} ${JSON.stringify(message.data)}`
        : `${message.seq}`;
    });
  }
}

const tick = () => new Promise<void>((resolve) => setTimeout(resolve));

async function harness(options: { events?: number } = {}) {
  const hub = new Hub(options.events === undefined ? {} : { limits: { events: options.events } });
  const fanout = new FrameFanout(hub);
  const join = (sink: RecordingSink, since?: { epoch: string; seq: number }) => {
    const subscription = fanout.subscribe(
      sink,
      since === undefined ? { filter: all } : { filter: all, since },
    );
    subscription.start();
    return subscription;
  };
  await tick();
  return { hub, fanout, join };
}

Deno.test("FrameFanout writes what one tick published as one batch, the same bytes to every member", async () => {
  const { hub, join } = await harness();
  const sinks = [new RecordingSink(), new RecordingSink()];
  for (const sink of sinks) join(sink);
  for (let i = 0; i < 3; i++) hub.publish("a.b", i);
  await tick();
  assertEquals(sinks.map((sink) => [sink.writes.length, sink.events]), [[1, ["1", "2", "3"]], [1, [
    "1",
    "2",
    "3",
  ]]]);
  assertStrictEquals(sinks[0]?.writes[0], sinks[1]?.writes[0]);
});

Deno.test("FrameFanout frames by length for a member that is framed by length", async () => {
  const { hub, join } = await harness();
  const sink = new RecordingSink("length");
  join(sink);
  hub.publish("a.b", { n: 1 });
  await tick();
  const frame = sink.writes[0] ?? new Uint8Array();
  assertEquals(new DataView(frame.buffer, frame.byteOffset).getUint32(0, true), frame.length - 4);
  assertEquals(JSON.parse(new TextDecoder().decode(frame.subarray(4))).data, { n: 1 });
});

Deno.test("FrameFanout leaves a full member alone, and it loses nothing that the ring still holds", async () => {
  const { hub, join } = await harness();
  const [slow, quick] = [new RecordingSink(), new RecordingSink()];
  const subscription = join(slow);
  join(quick);
  slow.stalls = true;
  for (let i = 0; i < 5; i++) {
    hub.publish("a.b", i);
    await tick();
  }
  assertEquals([slow.writes.length, quick.writes.length], [1, 5]);
  slow.stalls = false;
  subscription.resume();
  hub.publish("a.b", 5);
  await tick();
  assertEquals(slow.events, ["1", "2", "3", "4", "5", "6"]);
});

Deno.test("FrameFanout writes to a full connection no more for another of its subscriptions", async () => {
  const { hub, join } = await harness();
  const sink = new RecordingSink();
  const subscriptions = [join(sink), join(sink), join(sink)];
  sink.stalls = true;
  hub.publish("a.b", 0);
  await tick();
  assertEquals(sink.writes.length, 1);
  // The drain, which the first write fills again.
  sink.full = false;
  assertEquals(subscriptions.map((subscription) => subscription.resume()), [true, false, false]);
  assertEquals(sink.writes.length, 2);
  // One that begins now waits as well.
  subscriptions.push(join(sink, { epoch: hub.epoch, seq: 0 }));
  assertEquals(sink.writes.length, 2);
  sink.stalls = false;
  assertEquals(subscriptions.map((subscription) => subscription.resume()), [true, true, true, true]);
  assertEquals(sink.events, ["1", "1", "1", "1"]);
});

Deno.test("FrameFanout announces what a full member missed, once, and goes on", async () => {
  const { hub, join } = await harness({ events: 4 });
  const sink = new RecordingSink();
  const subscription = join(sink);
  sink.stalls = true;
  for (let i = 0; i < 11; i++) {
    hub.publish("a.b", i);
    await tick();
  }
  sink.stalls = false;
  subscription.resume();
  assertEquals(sink.events, ["1", 'lagged {"from":2,"to":7,"dropped":6}', "8", "9", "10", "11"]);
});

Deno.test("FrameFanout replays since a position and announces another epoch", async () => {
  const { hub, join } = await harness();
  for (let i = 0; i < 3; i++) hub.publish("a.b", i);
  const [replayed, reset] = [new RecordingSink(), new RecordingSink()];
  join(replayed, { epoch: hub.epoch, seq: 1 });
  join(reset, { epoch: "ffffffffffff", seq: 1 });
  hub.publish("a.b", 3);
  await tick();
  assertEquals(replayed.events, ["2", "3", "4"]);
  assertEquals(reset.events, [`reset {"epoch":"${hub.epoch}","seq":3}`, "4"]);
});

Deno.test("FrameFanout writes nothing before start(), so that the answer to the request goes first", async () => {
  const { hub, fanout } = await harness();
  hub.publish("a.b", 0);
  const sink = new RecordingSink();
  const subscription = fanout.subscribe(sink, { filter: all, since: { epoch: hub.epoch, seq: 0 } });
  hub.publish("a.b", 1);
  await tick();
  subscription.resume();
  assertEquals(sink.writes.length, 0);
  subscription.start();
  assertEquals(sink.events, ["1", "2"]);
});

Deno.test("FrameFanout writes nothing more once a subscription is disposed", async () => {
  const { hub, join } = await harness();
  const sink = new RecordingSink();
  const subscription = join(sink);
  subscription[Symbol.dispose]();
  hub.publish("a.b", 0);
  await tick();
  assertEquals(sink.writes.length, 0);
});

Deno.test("FrameFanout delivers every event once across members that stall and resume at random", async () => {
  const seed = 20_261_120;
  let state = seed;
  const random = (limit: number) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % limit;
  const { hub, join } = await harness();
  const members = [];
  for (let i = 0; i < 8; i++) {
    const sink = new RecordingSink();
    members.push({ sink, subscription: join(sink) });
  }
  for (let round = 0; round < 2_000; round++) {
    for (let i = random(4); i > 0; i--) hub.publish("a.b", round);
    const member = members[random(members.length)];
    if (member !== undefined) {
      member.sink.stalls = !member.sink.stalls;
      if (!member.sink.stalls) member.subscription.resume();
    }
    if (random(2) === 0) await tick();
  }
  await tick();
  const expected = Array.from({ length: hub.seq }, (_, i) => `${i + 1}`);
  for (const { sink, subscription } of members) {
    sink.stalls = false;
    subscription.resume();
    assertEquals(sink.events, expected, `seed ${seed}`);
  }
});

Deno.test("FrameFanout lets other work pass amid many members, who get what that publishes along with the rest", async () => {
  const { hub, join } = await harness();
  const sinks = Array.from({ length: 100 }, () => new RecordingSink());
  for (const sink of sinks) join(sink);
  hub.publish("a.b", 0);
  await Promise.resolve();
  setImmediate(() => hub.publish("a.b", 1));
  while (sinks.some(({ events }) => events.length < 2)) await tick();
  assertEquals(sinks.map(({ events }) => events.join()), sinks.map(() => "1,2"));
  assertEquals(new Set(sinks.map(({ writes }) => writes.length)), new Set([1, 2]));
});

Deno.test("FrameFanout lets other work pass amid many filters that match nothing", async () => {
  const { hub, fanout } = await harness();
  for (let n = 0; n < 1_000; n++) {
    fanout.subscribe(new RecordingSink(), { filter: { types: [`none.x${n}`] } }).start();
  }
  const last = new RecordingSink();
  fanout.subscribe(last, { filter: all }).start();
  for (let n = 0; n < 100; n++) hub.publish("a.b", n);
  await Promise.resolve();
  let turns = 0;
  for (; last.writes.length === 0 && turns < 1_000; turns++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  assertEquals([turns >= 3, last.events.length], [true, 100]);
});

Deno.test("FrameFanout in a hurry looks at so many events at once, and no subscriber loses any", async () => {
  const { hub, fanout } = await harness();
  for (let n = 0; n < 50; n++) {
    fanout.subscribe(new RecordingSink(), { filter: { types: [`none.x${n}`] } }).start();
  }
  const last = new RecordingSink();
  fanout.subscribe(last, { filter: all }).start();
  for (let burst = 0; burst < 2; burst++) {
    for (let n = 0; n < 5_000; n++) hub.publish("a.b", n);
    await Promise.resolve();
  }
  assertEquals(last.writes.length, 0);
  while (last.events.length < 10_000) await tick();
  assertEquals(last.events, Array.from({ length: 10_000 }, (_, n) => `${n + 1}`));
});

Deno.test("FrameFanout goes on with the other members after one whose write throws", async () => {
  const { hub, join } = await harness();
  const broken = new RecordingSink();
  broken.write = () => {
    throw new Error("a broken sink");
  };
  const sound = new RecordingSink();
  for (const sink of [broken, sound]) join(sink);
  const faults: string[] = [];
  const onFault = (event: ErrorEvent) => {
    event.preventDefault();
    faults.push(event.message);
  };
  globalThis.addEventListener("error", onFault);
  hub.publish("a.b", 0);
  for (let turns = 0; sound.writes.length === 0 && turns < 100; turns++) await tick();
  globalThis.removeEventListener("error", onFault);
  assertEquals([sound.events, faults.length], [["1"], 1]);
});

Deno.test("FrameFanout writes before the ring overwrites what is new, although no other work has passed", async () => {
  const { hub, join } = await harness();
  const sinks = [new RecordingSink(), new RecordingSink("length")];
  for (const sink of sinks) join(sink);
  const text = "x".repeat(1024 * 1024 / 4);
  for (let n = 0; n < 200; n++) {
    hub.publish("a.b", text);
    await Promise.resolve();
  }
  await tick();
  assertEquals(sinks[0]?.events, Array.from({ length: 200 }, (_, n) => `${n + 1}`));
  const [lines, lengths] = sinks.map(({ writes }) => writes.reduce((sum, { length }) => sum + length, 0));
  assertEquals(lengths, (lines ?? 0) + 3 * 200);
});
