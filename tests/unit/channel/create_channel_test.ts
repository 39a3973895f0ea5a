import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/base/errors.ts";
import { detectMode } from "../../../src/channel/create_channel.ts";

Deno.test("detectMode() reads what the parent has set, and refuses what it cannot mean", () => {
  assertEquals(detectMode({}), { kind: "none" });
  assertEquals(detectMode({ HAFT_IPC_CHANNEL: "x" }), { kind: "channel", channel: "x" });
  assertEquals(detectMode({ HAFT_IPC_MODE: "legacy", HAFT_IPC_CHANNEL: "x" }), { kind: "legacy" });
  assertThrows(() => detectMode({ HAFT_IPC_MODE: "channel" }), UsageError, "does not say which");
  assertThrows(() => detectMode({ HAFT_IPC_MODE: "pigeon" }), UsageError, 'HAFT_IPC_MODE is "pigeon"');
});
