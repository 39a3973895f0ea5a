import { assertEquals, assertStringIncludes } from "@std/assert";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { CONNECTION_LIMITS } from "../../src/daemon/connection_limits.ts";
import { listening } from "./dialect_sandbox.ts";

/** A peer that writes what it likes; `said` is all that it was sent. */
class RawPeer implements Disposable {
  said = "";
  readonly ended: Promise<unknown>;

  private constructor(readonly socket: Socket) {
    socket.on("data", (chunk) => this.said += chunk.toString());
    socket.on("error", () => {});
    this.ended = once(socket, "close");
  }

  static async connect(path: string): Promise<RawPeer> {
    const peer = new RawPeer(createConnection(path));
    await once(peer.socket, "connect");
    return peer;
  }

  async until(text: string): Promise<void> {
    while (!this.said.includes(text)) await once(this.socket, "data");
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

const framings = [
  { dialect: "bunctl", half: [9, 0, 0, 0, 0x22], tiny: [1, 0, 0, 0, 0x31], answer: '"Error"' },
  { dialect: "ipckit", half: [9, 0, 0, 0, 0x22], tiny: [1, 0, 0, 0, 0x31], answer: '"error"' },
  { dialect: "vx", half: [0x22], tiny: [0x31, 0x0a], answer: '"Error"' },
  { dialect: "auroraview", half: [0x22], tiny: [0x7b, 0x0a], answer: '"error"' },
  { dialect: "roo", half: [0x22], tiny: [0x7b, 0x0c], answer: '"error"' },
];

/** Most of it is waiting, so all dialects wait side by side. */
Deno.test("in every dialect a message that does not end, silent peers, and a tiny message have the limits of the daemon's own socket", async () => {
  const outcomes = await Promise.allSettled(framings.map(hasTheLimits));
  const failures = outcomes.flatMap((outcome, at) =>
    outcome.status === "rejected" ? [`${framings[at]?.dialect}: ${outcome.reason}`] : []
  );
  assertEquals(failures, []);
});

async function hasTheLimits({ dialect, half, tiny, answer }: typeof framings[number]): Promise<void> {
  const { daemon, path } = await listening(dialect);
  await using _ = daemon;
  const stuck = await RawPeer.connect(path);
  stuck.socket.write(Uint8Array.from(half));
  using short = await RawPeer.connect(path);
  short.socket.write(Uint8Array.from(tiny));
  await short.until(answer);
  await stuck.ended;
  assertStringIncludes(stuck.said, "A message did not end within 10 s");
  const silent: RawPeer[] = [];
  while (silent.length < CONNECTION_LIMITS.silentConnections) silent.push(await RawPeer.connect(path));
  const more = await RawPeer.connect(path);
  // Clients of roo may only listen: none of them makes way.
  const gone = dialect === "roo" ? more : silent[0] ?? more;
  await gone.ended;
  assertStringIncludes(gone.said, `More than ${CONNECTION_LIMITS.silentConnections} connections`);
  // The daemon's own socket has room.
  const { clients } = await daemon.call("client.list") as { clients: unknown[] };
  assertEquals(clients.length, silent.length + 2);
  for (const peer of [...silent, more]) peer[Symbol.dispose]();
}

Deno.test("an error quotes the beginning of a long name, not all of it", async () => {
  const { daemon, path } = await listening("bunctl");
  await using _ = daemon;
  using peer = await RawPeer.connect(path);
  for (const request of [{ ["x".repeat(100_000)]: null }, { Stop: { name: "y".repeat(100_000) } }]) {
    peer.said = "";
    const json = new TextEncoder().encode(JSON.stringify(request));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, json.length, true);
    peer.socket.write(length);
    peer.socket.write(json);
    await peer.until("Error");
    assertEquals(peer.said.length < 300, true, `${peer.said.length} bytes`);
  }
});

Deno.test("the daemon's own socket answers a line of fewer than four bytes", async () => {
  const { daemon } = await listening("vx");
  await using _ = daemon;
  using peer = await RawPeer.connect(daemon.socket);
  peer.socket.write("1\n");
  await peer.until("invalid_request");
});
