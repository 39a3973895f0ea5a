import { assertEquals } from "@std/assert";
import type { EmitAppEvent } from "../../../src/protocol/app_events.ts";
import type { EmitEvent } from "../../../src/protocol/events.ts";
import { emitInstallEvent } from "../../../src/protocol/install_events.ts";
import type { EmitTaskEvent } from "../../../src/protocol/task_events.ts";

/** Never called: what it says is held to by the type checker. */
export function eventsAreTyped(emit: EmitEvent, emitApp: EmitAppEvent, emitTask: EmitTaskEvent): void {
  const app = { app: "web", root: "/p", instance: 0 };
  emitApp("app.process_crashed", { ...app, reason: "exited with 1" }, "web");
  // @ts-expect-error a field is missing
  emitApp("app.process_crashed", app, "web");
  // @ts-expect-error a field that every event of an app has is missing
  emitApp("app.process_crashed", { app: "web", root: "/p", reason: "" }, "web");
  // @ts-expect-error a field has another type
  emitApp("app.process_crashed", { ...app, reason: 1 }, "web");
  // @ts-expect-error there is no such event of an app
  emitApp("app.vanished", app, "web");
  // @ts-expect-error an unknown value is still a field: `usage` is missing
  emitTask("task.completed", { id: "", name: null, root: "", exit_code: 0, result: 1, skipped: false });
  emit("daemon.stopping", { reason: "asked" });
  // @ts-expect-error a field is missing
  emit("daemon.stopping", {});
}

Deno.test("EVENTS: leaving out a field of an event is a type error", () => {
  assertEquals(eventsAreTyped.length, 3);
});

Deno.test("emitInstallEvent() says each step of a sync in the daemon's words, without `type`", () => {
  const told: unknown[] = [];
  const emit = (type: string, data: unknown, subject?: string) => void told.push([type, data, subject]);
  emitInstallEvent({ type: "tool.queued", tool: "node", version: "22.1.0" }, emit);
  emitInstallEvent({ type: "lock.written", path: "/p/haft.lock" }, emit);
  emitInstallEvent({ type: "tool.needed", tool: "a", version: null, need: "missing", reason: "" }, emit);
  assertEquals(told, [
    ["install.queued", { tool: "node", version: "22.1.0" }, "node"],
    ["install.lock_written", { path: "/p/haft.lock" }, undefined],
  ]);
});
