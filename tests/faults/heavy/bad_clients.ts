import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { residentMemory } from "../../../scripts/bench/process_state.ts";
import { DaemonSandbox } from "../../e2e/daemon_sandbox.ts";
import { binary } from "../../e2e/support.ts";
import { LineClient, metric, verdict } from "../line_client.ts";

const MEBIBYTE = 1024 * 1024;

Deno.test("a client that sends as fast as it can and never reads is bounded, then closed; others are served", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const pid = await daemon.start();
  const before = residentMemory(pid);
  const flood = await LineClient.connect(daemon.socket);
  flood.socket.pause();
  const chunk = '{"type":"request","id":"1","method":"daemon.status"}\n'.repeat(1_000);
  let sent = 0;
  const pour = () => {
    while (flood.open && flood.socket.write(chunk)) sent += chunk.length;
  };
  flood.socket.on("drain", pour);
  pour();
  await delay(2_000);
  assertEquals(await verdict(daemon.socket), "ok");
  const grown = residentMemory(pid) - before;
  assert(grown < 48 * MEBIBYTE, `${grown} bytes more after ${sent} bytes of requests`);
  // 10 s without any progress of its output.
  await flood.closed;
  assertEquals(await metric(daemon.socket, "haft_slow_consumers_total"), 1);
  assertEquals(await verdict(daemon.socket), "ok");
});

Deno.test("half frames of either framing are given up after 10 s, with the reason; a slow writer within that is served", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const halves = await Promise.all(Array.from({ length: 20 }, () => LineClient.connect(daemon.socket)));
  for (const client of halves) client.socket.write('{"type":"request","id":"1",');
  const lengths = await LineClient.connect(daemon.socket);
  lengths.socket.write(new Uint8Array([50, 0, 0, 0, 0x7b]));
  using slow = await LineClient.connect(daemon.socket);
  const text = '{"type":"ping","id":"slow"}\n';
  slow.socket.write(text.slice(0, -8));
  for (const letter of text.slice(-8)) {
    await delay(1_000);
    slow.socket.write(letter);
  }
  assertEquals(await slow.next(), { type: "pong", id: "slow" });
  assertEquals(await verdict(daemon.socket), "ok");
  await Promise.all([...halves, lengths].map((client) => client.closed));
  const reasons = halves.map(({ received: [answer] }) => (answer as { error: { name: string } }).error.name);
  assertEquals(new Set(reasons), new Set(["timed_out"]));
  assertEquals(await metric(daemon.socket, "haft_connections"), 2);
});
