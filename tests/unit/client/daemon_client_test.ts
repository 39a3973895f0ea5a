import { assertEquals } from "@std/assert";
import { serveRequests, ThreadChannel } from "../../../src/channel/mod.ts";
import { DaemonClient } from "../../../src/client/daemon_client.ts";
import { uncaughtErrors } from "../../support/uncaught_errors.ts";

/** Never called: what it says is held to by the type checker. */
export async function requestsAreTyped(daemon: DaemonClient): Promise<void> {
  const { uptime_secs: uptime } = await daemon.request("daemon.ping", {});
  uptime satisfies number;
  // What has a default may be left out, and what is asked for may be read-only.
  const names: readonly string[] = ["web"];
  const { apps } = await daemon.request("app.start", { names });
  apps[0]?.instances[0]?.pid satisfies number | null | undefined;
  await daemon.request("app.status", {});
  // @ts-expect-error a parameter that the method needs is missing
  await daemon.request("tool.sync", {});
  // @ts-expect-error the method has no such parameter
  await daemon.request("app.status", { loud: true });
  // @ts-expect-error there is no such method
  await daemon.request("daemon.pong", {});
  // @ts-expect-error the result has no such field
  (await daemon.request("daemon.ping", {})).uptime;
  (await daemon.requestAny("some.method", {})) satisfies unknown;
  daemon.onEvent(({ event, data }) => {
    if (event === "app.status_change") data.app satisfies string;
    // @ts-expect-error an app's line has no such field
    if (event === "app.log_line") data.pid;
  });
}

Deno.test("requests and events are typed from the tables of methods and events", () => {
  assertEquals(requestsAreTyped.length, 1);
});

Deno.test("a listener of events that throws keeps none from the other listeners", async () => {
  const [near, far] = ThreadChannel.pair("daemon");
  serveRequests(far, new Map([["hello", () => ({})]]));
  await using daemon = await DaemonClient.over(near, { client: "test", version: "1", timeoutMs: 5_000 });
  const heard: string[] = [];
  daemon.onEvent(() => {
    throw new Error("a fault of the listener");
  });
  daemon.onEvent(({ event }) => void heard.push(event));
  const errors = await uncaughtErrors(async () => {
    await far.emit("user.first");
    await far.emit("user.second");
  });
  assertEquals(heard, ["user.first", "user.second"]);
  assertEquals(errors, ["a fault of the listener", "a fault of the listener"]);
});
