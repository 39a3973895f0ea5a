import { delay } from "@std/async/delay";
import { BenchDaemon } from "./bench_daemon.ts";
import { memoryOf, residentMemory } from "./process_state.ts";
import { bench } from "./report/bench.ts";

// What the daemon holds after 200 MB of events went through its ring of 16 MiB: at most while they do, and
// after ten seconds of rest, beside what it had before. Memory does not depend on what else the machine does.
// The events are lines of a server's log, no two alike in the ring, since it compresses them at rest.

const BYTES = 200e6;
const EVENT = 1_000;
const REST_MS = 10_000;
/** More events than the ring holds. */
const TEXTS = Array.from({ length: 20_000 }, logText);

await bench({ rounds: 5 }, async function* ({ rounds }) {
  const seen = { before: [] as number[], peak: [] as number[], rested: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const { before, peak, rested } = await once();
    seen.before.push(before / 1e6);
    seen.peak.push(peak / 1e6);
    seen.rested.push(rested / 1e6);
  }
  const baseline = { name: "before them", values: seen.before };
  yield {
    name: "memory.events-peak",
    title: "the daemon while 200 MB of events go through, at most",
    unit: "MB",
    values: seen.peak,
    baseline,
    goal: { of: "difference", atMost: 64 },
  };
  yield {
    name: "memory.events-rest",
    title: "the same after 10 s of rest",
    unit: "MB",
    values: seen.rested,
    baseline,
    goal: { of: "difference", atMost: 16 },
  };
});

async function once(): Promise<{ before: number; peak: number; rested: number }> {
  await using bench = await BenchDaemon.start("");
  const daemon = await bench.connect();
  const { pid } = daemon.ack;
  // What publishing itself loads is there before.
  for (let n = 0; n < 100; n++) await daemon.request("events.publish", { type: "user.load", data: {} });
  await delay(4_000);
  const before = residentMemory(pid);
  let peak = before;
  const timer = setInterval(() => peak = Math.max(peak, residentMemory(pid)), 20);
  const count = Math.ceil(BYTES / EVENT);
  for (let sent = 0; sent < count;) {
    const turn = Math.min(64, count - sent);
    await Promise.all(
      Array.from({ length: turn }, (_, n) => {
        const data = { text: TEXTS[(sent + n) % TEXTS.length] };
        return daemon.request("events.publish", { type: "user.load", data });
      }),
    );
    sent += turn;
  }
  clearInterval(timer);
  await delay(REST_MS);
  return { before, peak, rested: memoryOf(pid).resident };
}

function logText(_: unknown, event: number): string {
  const random = (below: number) => Math.floor(Math.random() * below);
  let text = "";
  for (let line = 0; text.length < EVENT; line++) {
    const time = new Date(1_790_000_000_000 + event * 400 + line * 37).toISOString();
    const id = random(2 ** 48).toString(16);
    text += `${time} INFO request ${id} GET /api/items/${random(1e6)} 200 ${random(9_000) / 100} ms\n`;
  }
  return text.slice(0, EVENT);
}
