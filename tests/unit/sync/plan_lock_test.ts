import { assertEquals, assertStringIncludes } from "@std/assert";
import { planLock } from "../../../src/sync/plan_lock.ts";
import { locked, lockFile, request } from "./support.ts";

const lock = lockFile({ esbuild: locked("esbuild", "^0.25", "0.25.9") });

const HOST = "linux-x64-glibc";

Deno.test("planLock() finds nothing to do where the lock answers every request", () => {
  const plan = planLock([request("esbuild", "^0.25")], lock, HOST);
  assertEquals([plan.unresolved, plan.impossible, plan.changes], [[], [], []]);
  assertEquals(plan.locked.get("esbuild")?.version, "0.25.9");
});

Deno.test("planLock() keeps a version that satisfies a request in other words, and writes the words", () => {
  const plan = planLock([request("esbuild", "0.25.9")], lock, HOST);
  assertEquals(plan.unresolved, []);
  assertEquals(plan.locked.get("esbuild")?.request, "0.25.9");
  assertEquals(plan.changes.map(({ tool }) => tool), ["esbuild"]);
});

Deno.test("planLock() resolves what is not locked, and what is locked to something else", () => {
  const plan = planLock([request("esbuild", "^0.26"), request("biome", "2")], lock, HOST);
  assertEquals(plan.unresolved.map((item) => [item.request.name, item.reason]), [
    ["esbuild", "^0.26 is asked for, 0.25.9 is locked"],
    ["biome", "not in the lock file"],
  ]);
  assertEquals(plan.changes.length, 2);
});

Deno.test("planLock() drops what is no longer asked for", () => {
  const plan = planLock([], lock, HOST);
  assertEquals(plan.changes, [{ tool: "esbuild", reason: "no longer asked for" }]);
});

Deno.test("planLock() tells entries of tools that are locked outside apart: they are no change to refuse", () => {
  const { changes, moved } = planLock([], lock, HOST, new Set(["esbuild"]));
  assertEquals([changes, moved], [[], ["esbuild"]]);
});

Deno.test("planLock() counts requests for other systems: the lock file is the same everywhere", () => {
  const plan = planLock([request("biome", "2", { os: ["plan9"] })], lockFile({}), HOST);
  assertEquals(plan.unresolved.length, 1);
});

Deno.test("planLock() reports a tool that does not exist without giving up on the others", () => {
  const plan = planLock([request("esbuidl", "1"), request("esbuild", "^0.25")], {
    ...lock,
    tools: { ...lock.tools, esbuidl: locked("esbuild", "1", "1.0.0") },
  }, HOST);
  assertEquals(plan.impossible.length, 1);
  assertStringIncludes(plan.impossible[0]?.error.message ?? "", "esbuidl");
  assertEquals([...plan.locked.keys()], ["esbuild"]);
});

Deno.test("planLock() asks again for a version that is locked, but not for this platform, and keeps what is there", () => {
  const entry = locked("esbuild", "^0.25", "0.25.9");
  const elsewhere = { ...entry, platforms: { "darwin-arm64": entry.platforms["darwin-arm64"] ?? [] } };
  const lock = lockFile({ esbuild: elsewhere });
  const plan = planLock([request("esbuild", "^0.25")], lock, HOST);
  assertEquals([plan.locked.size, plan.unresolved.map(({ incomplete, reason }) => [incomplete, reason])], [
    0,
    [[elsewhere, "0.25.9 is not locked for linux-x64-glibc"]],
  ]);
  const forOthers = planLock([request("esbuild", "^0.25", { os: ["darwin"] })], lock, HOST);
  assertEquals([forOthers.locked.size, forOthers.changes.length], [1, 0]);
});
