import { delay } from "@std/async/delay";
import process from "node:process";
import { BenchDaemon } from "./bench_daemon.ts";
import { memoryOf, residentMemory } from "./process_state.ts";
import { digits, machineLine } from "./support.ts";

// What the daemon holds after 200 MB of events went through its ring of 16 MiB: at most while they do, and
// after ten seconds of rest, over what it had before. Memory does not depend on what else the machine does.
//
//     deno run -A scripts/bench/event_memory.ts [MEGABYTES]

const megabytes = Number(process.argv[2] ?? 200);
const REST_MS = 10_000;

console.log(machineLine("not pinned"));
for (const bytes of [200, 1_000, 20_000]) {
  await using bench = await BenchDaemon.start("");
  const daemon = await bench.connect();
  const { pid } = daemon.ack;
  const data = { text: "x".repeat(bytes) };
  // What publishing itself loads is there before.
  for (let n = 0; n < 100; n++) await daemon.request("events.publish", { type: "user.load", data: {} });
  await delay(4_000);
  const before = residentMemory(pid);
  let peak = before;
  const timer = setInterval(() => peak = Math.max(peak, residentMemory(pid)), 20);
  const count = Math.ceil(megabytes * 1e6 / bytes);
  for (let sent = 0; sent < count;) {
    const turn = Math.min(64, count - sent);
    await Promise.all(
      Array.from({ length: turn }, () => daemon.request("events.publish", { type: "user.load", data })),
    );
    sent += turn;
  }
  clearInterval(timer);
  const right = residentMemory(pid);
  await delay(REST_MS);
  const { resident, own } = memoryOf(pid);
  const over = (value: number) => `${value < before ? "" : "+"}${digits((value - before) / 1e6)} MB`;
  console.log(
    `${megabytes} MB in events of ${bytes} bytes: ${digits(before / 1e6)} MB before, peak ${over(peak)}, ` +
      `at the end ${over(right)}, after ${REST_MS / 1_000} s ${over(resident)} (${
        digits(own / 1e6)
      } MB its own)`,
  );
}
