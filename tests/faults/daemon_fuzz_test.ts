/**
 * Seeded mutations of what clients send, through a whole server (framing, envelope, dispatch, subscriptions)
 * over sockets in memory. Whatever arrives, wherever it is cut: nothing throws, nothing is left open, and
 * what is answered is the same.
 */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { isMessage } from "../../src/protocol/is_message.ts";
import { FrameDecoder } from "../../src/socket/framing/frame_decoder.ts";
import { type Framing, preamble } from "../../src/socket/framing/framing.ts";
import { decodeJson } from "../../src/socket/framing/json_text.ts";
import { memoryPair } from "../../src/socket/memory_pair.ts";
import { daemonHarness, type Harness } from "../support/daemon_harness.ts";
import { Random, testSeed } from "../support/random.ts";

const INPUTS = 60_000;
/** Far more turns than any input takes; one that needs more hangs. */
const MOST_TURNS = 10_000;

const MESSAGES: readonly Record<string, unknown>[] = [
  { type: "request", id: "1", method: "daemon.ping" },
  { type: "request", id: "2", method: "log.tail", data: { lines: 3 } },
  { type: "request", id: "3", method: "hello", data: { client: "fuzz", version: "1", protocol: [1, 1] } },
  { type: "request", id: "4", method: "events.subscribe", data: { types: ["user.*"], subject: "x" } },
  { type: "request", id: "5", method: "events.publish", data: { type: "user.x", data: { n: 1 } } },
  { type: "request", id: "6", method: "client.send", data: { client_id: "0", event: "x", data: null } },
  { type: "request", id: "7", method: "cancel", data: { id: "2" } },
  { type: "request", id: "8", method: "events.unsubscribe", data: { subscription_id: "none" } },
  { type: "request", oneway: true, method: "daemon.ping" },
  { type: "request", id: "9", method: "no.such", data: {} },
  { type: "ping", id: "p" },
  { type: "pong" },
  { type: "response", id: "1", data: {} },
];

/** The one method of the set that does not answer at once. */
const WAITS = "log.tail";

const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  "",
  "daemon.ping",
  "toString",
  "\u{1f600}\ud800",
  [],
  [[1]],
  {},
  { constructor: 1 },
  { types: 5 },
];

const BYTES = ["\n", '"', "{", "]", "\0", "\xff", '"__proto__":1,', "\\u005f"].map((text) =>
  Buffer.from(text, "latin1")
);

interface Input {
  framing: Framing;
  bytes: Buffer;
}

function makeInput(random: Random): Input {
  const framing = random.below(2) === 0 ? "lines" : "length";
  const frames = Array.from({ length: random.below(4) + 1 }, () => frame(framing, mutateMessage(random)));
  const parts = random.below(2) === 0 ? [Buffer.from(preamble(framing)), ...frames] : frames;
  return {
    framing,
    bytes: random.below(3) === 0 ? mutateBytes(Buffer.concat(parts), random) : Buffer.concat(parts),
  };
}

/** Half of the messages have a field more, less, or of another kind, at the top or among the parameters. */
function mutateMessage(random: Random): unknown {
  const message = structuredClone(random.pick(MESSAGES));
  if (random.below(2) === 0) return message;
  const { data } = message;
  const target = random.below(2) === 0 && typeof data === "object" && data !== null
    ? data as Record<string, unknown>
    : message;
  const key = random.pick([...Object.keys(target), "extra", "hasOwnProperty"]);
  if (random.below(4) === 0) delete target[key];
  else target[key] = random.pick(VALUES);
  return message;
}

function mutateBytes(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  switch (random.below(3)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), random.pick(BYTES), bytes.subarray(at)]);
    default: {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed[at] = random.below(256);
      return changed;
    }
  }
}

function frame(framing: Framing, message: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(message));
  if (framing === "lines") return Buffer.concat([json, Buffer.from("\n")]);
  const header = Buffer.alloc(4);
  header.writeUInt32LE(json.length);
  return Buffer.concat([header, json]);
}

/**
 * Sends the chunks on a connection of their own, and gives what was answered, without what differs from run
 * to run.
 */
async function answersTo(harness: Harness, chunks: readonly Buffer[]): Promise<string[]> {
  const received: Buffer[] = [];
  const waiting = [...chunks];
  let closed = false;
  const [client] = memoryPair((socket) => ({
    data: (chunk) => void received.push(Buffer.from(chunk)),
    drain: () => sendNext(socket),
    close: () => closed = true,
  }), (socket) => harness.server.accept(socket));
  const sendNext = (socket: typeof client) => {
    const chunk = waiting.shift();
    if (chunk !== undefined) socket.write(chunk);
  };
  sendNext(client);
  let turns = 0;
  for (; turns < 60 && !closed; turns++) await Promise.resolve();
  while (waiting.length > 0 && !closed && turns++ < MOST_TURNS) await Promise.resolve();
  client.close();
  while (harness.server.connections.size > 0 && turns++ < MOST_TURNS) await Promise.resolve();
  assertEquals(harness.server.connections.size, 0, "the connection is still open");
  return summarise(Buffer.concat(received));
}

function summarise(bytes: Buffer): string[] {
  const answers: string[] = [];
  const decoder = new FrameDecoder();
  decoder.push(bytes, (chunk, start, end) => {
    const value = decodeJson(chunk, start, end);
    assert(isMessage(value), "what the daemon sends is a message");
    if (value.type === "event") return;
    answers.push(`${value.type} ${value.id ?? ""} ${value.error?.name ?? "ok"}`);
  });
  assert(!decoder.partial, "what the daemon sends ends with a whole frame");
  return answers.sort();
}

async function check(harness: Harness, bytes: Buffer, cut: number): Promise<string[]> {
  const whole = await answersTo(harness, [bytes]);
  const parts = [bytes.subarray(0, cut), bytes.subarray(cut)].filter((part) => part.length > 0);
  const halves = await answersTo(harness, parts);
  // What a request that waits is answered may depend on what comes while it does: another with its id, or a
  // cancel.
  const depends = bytes.includes(WAITS);
  if (!depends && whole.join() !== halves.join()) assertEquals(halves, whole);
  return whole;
}

Deno.test("the daemon survives mutated requests, with the same answers wherever they are cut", async () => {
  const seed = testSeed();
  const random = new Random(seed);
  await using harness = daemonHarness();
  const kinds = new Map<string, number>();
  for (let i = 0; i < INPUTS; i++) {
    const { framing, bytes } = makeInput(random);
    const cut = random.below(bytes.length + 1);
    try {
      for (const answer of await check(harness, bytes, cut)) {
        const kind = answer.split(" ")[2] ?? "";
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }
    } catch (error) {
      const shown = `${framing}, cut at ${cut}: ${JSON.stringify(bytes.toString("latin1"))}`;
      throw new Error(`Input ${i} of HAFT_TEST_SEED=${seed}, ${shown}`, { cause: error });
    }
  }
  assertEquals(harness.errors, []);
  console.log(
    `${INPUTS} inputs, HAFT_TEST_SEED=${seed}: ${[...kinds].map(([kind, n]) => `${kind} ${n}`).join(", ")}`,
  );
});

for (const framing of ["lines", "length"] as const) {
  Deno.test(`the daemon (${framing}) answers the same for every split of a set of requests, and survives every truncation`, async () => {
    await using harness = daemonHarness();
    const messages = MESSAGES.filter(({ type, method }) => type !== "response" && method !== WAITS);
    const bytes = Buffer.concat(messages.map((message) => frame(framing, message)));
    const whole = await answersTo(harness, [bytes]);
    // A pong and a oneway request are not answered.
    assertEquals(whole.length, messages.length - 2);
    for (let cut = 0; cut <= bytes.length; cut++) {
      assertEquals(await check(harness, bytes, cut), whole);
      const truncated = await answersTo(harness, [bytes.subarray(0, cut)]);
      assert(truncated.every((answer) => whole.includes(answer)), `cut at ${cut}`);
    }
    const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    assertEquals(await answersTo(harness, single), whole);
    assertEquals(harness.errors, []);
  });
}
