import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { DaemonLink } from "../../../src/dialects/daemon_link.ts";
import { FrameError } from "../../../src/socket/framing/frame_error.ts";
import type { Socket } from "../../../src/socket/mod.ts";

/** A daemon by hand: what it was sent, and how often its writes were taken. */
function linked() {
  const said: Record<string, unknown>[] = [];
  const heard: string[] = [];
  const daemon = { drains: 0, write: (..._: unknown[]) => {}, pause: () => {}, resume: () => {} };
  const accept = (socket: Socket) => {
    daemon.write = (...messages) => {
      socket.write(Buffer.from(messages.map((message) => `${JSON.stringify(message)}\n`).join("")));
    };
    daemon.pause = () => socket.pause();
    daemon.resume = () => socket.resume();
    return {
      end: () => void said.push({ method: "the end" }),
      data: (line: Uint8Array) => void said.push(JSON.parse(new TextDecoder().decode(line))),
      drain: () => void daemon.drains++,
      close: () => {},
    };
  };
  const owner = { heard: ({ event }: { event: string }) => void heard.push(event), linkClosed: () => {} };
  const options = { accept, client: "test", version: "0", maxFrameBytes: 1_000 };
  return { link: new DaemonLink(owner, options), daemon, said, heard };
}

Deno.test("an answer that cannot be read fails its own request; what follows it in the same write is heard", async () => {
  const { link, daemon, said, heard } = linked();
  const broken = link.requestAny("first", {});
  const whole = link.requestAny("second", {});
  daemon.write(
    { type: "part", id: "1", index: 0, data: "[1" },
    { type: "part", id: "1", index: 2, data: "]" },
    { type: "event", event: "user.after" },
    { type: "response", id: "1", parts: 2 },
    { type: "response", id: "2", data: "fine" },
  );
  await assertRejects(() => broken, FrameError, "is not part 1");
  assertEquals(await whole, "fine");
  assertEquals([heard, daemon.drains], [["user.after"], 1]);
  assertEquals(said.map(({ method }) => method), ["first", "second", "cancel"]);
  daemon.write({ type: "event", event: "user.later" });
  await Promise.resolve();
  assertEquals([heard, daemon.drains], [["user.after", "user.later"], 2]);
  link.leave();
});

Deno.test("requests wait in order while the daemon does not read, and the end of the input goes after them", async () => {
  const { link, daemon, said } = linked();
  const methods = () => said.map(({ method }) => method);
  daemon.pause();
  const answers = ["first", "second"].map((method) => link.requestAny(method, {}));
  link.endInput();
  daemon.resume();
  daemon.pause();
  await Promise.resolve();
  assertEquals(methods(), []);
  daemon.resume();
  await Promise.resolve();
  assertEquals(methods(), ["first", "second", "the end"]);
  link.leave();
  for (const answer of answers) await assertRejects(() => answer);
});
