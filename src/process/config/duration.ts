const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest that timers of both runtimes take: 2^31 - 1 milliseconds, almost 25 days. */
const LONGEST = 0x7fffffff;

/**
 * Milliseconds of a text such as `500ms`, `10s`, `1.5m`; undefined when it is none, or too long for a timer.
 */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  const milliseconds = Math.round(Number(amount) * (UNITS[unit] ?? Number.NaN));
  return milliseconds <= LONGEST ? milliseconds : undefined;
}
