/**
 * What the benchmarks share. Each prints ratios against a baseline of the same run; none is a test with a
 * time limit.
 */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";

/** The middle value; the mean of the two in the middle of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** The value that this share (0 to 1) of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** Three significant digits or more, as far as a timing means them. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

/** `haft sync: 12.3 ms; curl and tar: 15.0 ms; ratio 0.82`. */
export function ratioLine(
  name: string,
  value: number,
  baseline: { name: string; value: number },
  unit: string,
): string {
  return `${name}: ${digits(value)} ${unit}; ${baseline.name}: ${digits(baseline.value)} ${unit}; ` +
    `ratio ${(value / baseline.value).toFixed(2)}`;
}

/**
 * The largest resident size (bytes) that the process has had so far; undefined when it is gone, or not on
 * Linux.
 */
export function peakMemory(pid: number): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** The machine, for the head of a report. @param where how its processes are placed on the cores */
export function machineLine(where: string = placement()): string {
  return `${cpus()[0]?.model ?? "unknown processor"}, ${where}`;
}

export interface Row {
  name: string;
  /** One value a run, all in the table's unit. */
  values: readonly number[];
}

/**
 * Prints the medians, their range, and each row's ratio to the first row, the baseline.
 *
 * @param unit such as `ms`; what is better is for the title to say
 */
export function printTable(title: string, unit: string, rows: readonly Row[]): void {
  const base = median(rows[0]?.values ?? []);
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log(`${title} (${unit}; median of ${rows[0]?.values.length ?? 0}, range, ratio to the first row)`);
  for (const { name, values } of rows) {
    const middle = median(values);
    const range = `${digits(Math.min(...values))}–${digits(Math.max(...values))}`;
    console.log(
      `  ${name.padEnd(width)}  ${digits(middle).padStart(9)}  ${range.padStart(17)}  ×${
        (middle / base).toFixed(2)
      }`,
    );
  }
}

/** Where this process may run: timings of two processes differ several times over by core placement alone. */
export function placement(): string {
  let allowed = "unknown";
  try {
    allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? allowed;
  } catch {
    // Not Linux.
  }
  const pinned = process.env["HAFT_BENCH_PIN"] ??
    "not pinned (HAFT_BENCH_PIN=0,1 pins parent,child where taskset is)";
  return `${cpus().length} cores, allowed ${allowed}, ${pinned}`;
}

/** The argv with `taskset` before it, where HAFT_BENCH_PIN names a core for that end. */
export function pinned(command: readonly string[], end: "parent" | "child"): string[] {
  const cores = (process.env["HAFT_BENCH_PIN"] ?? "").split(",");
  const core = cores[end === "parent" ? 0 : 1];
  return core === undefined || core === "" ? [...command] : ["taskset", "-c", core, ...command];
}
