import type { DaemonMetrics } from "../protocol/methods/daemon_methods.ts";

type Channels = Pick<DaemonMetrics, "connections" | "channels">;

/** Metrics in the OpenMetrics text format; names that end in `_total` are counters, the rest gauges. */
export function openMetricsText(
  metrics: Readonly<Record<string, number>>,
  { connections, channels }: Channels = { connections: [], channels: [] },
): string {
  const own = Object.entries(metrics).flatMap(([name, value]) => family(name, [["", value]]));
  const clients = connections.map((one) =>
    [labels({ client: one.client_id, name: one.name ?? "" }), one] as const
  );
  const backends = channels.map((one) => [labels({ backend: one.name, kind: one.kind }), one] as const);
  return [
    ...own,
    ...family("haft_connection_requests_total", clients.map(([label, one]) => [label, one.requests])),
    ...family(
      "haft_connection_bytes_received_total",
      clients.map(([label, one]) => [label, one.bytes_received]),
    ),
    ...family("haft_connection_bytes_sent_total", clients.map(([label, one]) => [label, one.bytes_sent])),
    ...family("haft_connection_queued_bytes", clients.map(([label, one]) => [label, one.queued_bytes])),
    ...family("haft_backend_messages_sent_total", backends.map(([label, one]) => [label, one.messages_sent])),
    ...family(
      "haft_backend_messages_received_total",
      backends.map(([label, one]) => [label, one.messages_received]),
    ),
    ...family(
      "haft_backend_request_seconds_p50",
      backends.map(([label, one]) => [label, one.latency.p50 / 1e6]),
    ),
    ...family(
      "haft_backend_request_seconds_p99",
      backends.map(([label, one]) => [label, one.latency.p99 / 1e6]),
    ),
    "# EOF",
    "",
  ].join("\n");
}

function family(name: string, samples: readonly (readonly [labels: string, value: number])[]): string[] {
  if (samples.length === 0) return [];
  const counter = name.endsWith("_total");
  return [
    `# TYPE ${counter ? name.slice(0, -"_total".length) : name} ${counter ? "counter" : "gauge"}`,
    ...samples.map(([label, value]) => `${name}${label} ${value}`),
  ];
}

function labels(values: Readonly<Record<string, string>>): string {
  const escaped = (text: string) =>
    text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `{${Object.entries(values).map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}
