import { assertEquals } from "@std/assert";
import { openMetricsText } from "../../../src/daemon/open_metrics.ts";

Deno.test("openMetricsText() names counters and gauges, and gives every connection its labels, escaped", () => {
  const connection = {
    client_id: "0ed2ebce323d",
    name: 'a "b"\n\\',
    messages_received: 3,
    requests: 2,
    bytes_received: 10,
    bytes_sent: 20,
    queued_bytes: 0,
    peak_queue_bytes: 0,
    subscriptions: 0,
    uptime_ms: 5,
  };
  const text = openMetricsText({ haft_events_total: 7, haft_connections: 1 }, {
    connections: [connection],
    channels: [],
  });
  assertEquals(text.split("\n").slice(0, 6), [
    "# TYPE haft_events counter",
    "haft_events_total 7",
    "# TYPE haft_connections gauge",
    "haft_connections 1",
    "# TYPE haft_connection_requests counter",
    'haft_connection_requests_total{client="0ed2ebce323d",name="a \\"b\\"\\n\\\\"} 2',
  ]);
  assertEquals(text.endsWith("\n# EOF\n"), true);
});
