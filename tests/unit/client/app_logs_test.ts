import { assertEquals, assertRejects } from "@std/assert";
import { ReceiveFailed, serveRequests, ThreadChannel } from "../../../src/channel/mod.ts";
import type { RequestHandler } from "../../../src/channel/serve_requests.ts";
import { appLogs } from "../../../src/client/app_logs.ts";
import { DaemonClient } from "../../../src/client/daemon_client.ts";
import { uncaughtErrors } from "../../support/uncaught_errors.ts";

Deno.test("appLogs() refuses a page that is none, and the connection goes on", async () => {
  const [near, far] = ThreadChannel.pair("daemon");
  serveRequests(
    far,
    new Map<string, RequestHandler>([
      ["hello", () => ({})],
      ["app.logs", (_, { progress }) => {
        progress("app.log_page", { lines: "none" });
        return { lines: [] };
      }],
      ["daemon.ping", () => ({ uptime_secs: 1 })],
    ]),
  );
  await using daemon = await DaemonClient.over(near, { client: "test", version: "1", timeoutMs: 5_000 });
  const errors = await uncaughtErrors(async () => {
    await assertRejects(() => appLogs(daemon, { lines: 1 }), ReceiveFailed, "wrong page of log lines");
    await daemon.request("daemon.ping", {});
  });
  assertEquals(errors, []);
});
