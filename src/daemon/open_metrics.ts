/** Metrics in the OpenMetrics text format; names that end in `_total` are counters, the rest gauges. */
export function openMetricsText(metrics: Readonly<Record<string, number>>): string {
  const lines = Object.entries(metrics).flatMap(([name, value]) => {
    const counter = name.endsWith("_total");
    return [
      `# TYPE ${counter ? name.slice(0, -"_total".length) : name} ${counter ? "counter" : "gauge"}`,
      `${name} ${value}`,
    ];
  });
  return [...lines, "# EOF", ""].join("\n");
}
