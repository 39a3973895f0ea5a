import { quantile } from "../support.ts";

/** A middle value, and the quartiles around it. */
export interface Quartiles {
  median: number;
  low: number;
  high: number;
}

/**
 * What a figure has to reach. `difference` is what haft takes over the baseline, in the figure's unit; one of
 * the two limits is given.
 */
export interface Goal {
  of: "ratio" | "value" | "difference";
  atMost?: number;
  atLeast?: number;
}

/** The one shape of all figures: a value beside a baseline of the same run. */
export interface Figure {
  /** `start.version`: stays from run to run, so that runs can be compared. */
  name: string;
  /** What was measured, for people. */
  title: string;
  unit: string;
  value: Quartiles;
  baseline: { name: string; value: Quartiles };
  /** Of the ratios of each round, which have the same neighbours on the machine. */
  ratio: Quartiles;
  rounds: number;
  goal?: Goal;
  /** What makes it anew. */
  command: string;
}

/** What a script measures: one value a round, as many for the baseline. */
export interface Measured {
  name: string;
  title: string;
  unit: string;
  values: readonly number[];
  baseline: { name: string; values: readonly number[] };
  goal?: Goal;
}

export function quartiles(values: readonly number[]): Quartiles {
  return { median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** @throws {Error} for a figure without rounds, or one that is no number */
export function figureOf(measured: Measured, command: string): Figure {
  const { name, title, unit, values, baseline, goal } = measured;
  const rounds = Math.min(values.length, baseline.values.length);
  const ratios = Array.from(
    { length: rounds },
    (_, n) => (values[n] ?? NaN) / (baseline.values[n] ?? NaN),
  );
  const ratio = quartiles(ratios);
  if (rounds === 0 || !Number.isFinite(ratio.median)) throw new Error(`${name} was not measured`);
  return {
    name,
    title,
    unit,
    value: quartiles(values),
    baseline: { name: baseline.name, value: quartiles(baseline.values) },
    ratio,
    rounds,
    ...goal === undefined ? {} : { goal },
    command,
  };
}

/** What the goal speaks of. */
export function goalValue({ value, baseline, ratio }: Figure, { of }: Goal): number {
  if (of === "ratio") return ratio.median;
  return of === "value" ? value.median : value.median - baseline.value.median;
}

/** Whether a figure reaches its goal; undefined without one. */
export function isReached(figure: Figure): boolean | undefined {
  const { goal } = figure;
  if (goal === undefined) return undefined;
  const reached = goalValue(figure, goal);
  return reached <= (goal.atMost ?? Infinity) && reached >= (goal.atLeast ?? -Infinity);
}

/**
 * How far the ratio moved since an earlier run; undefined when that is within the noise of either run, which
 * is the distance between its quartiles.
 */
export function moved(figure: Figure, before: Figure | undefined): number | undefined {
  if (before === undefined || before.baseline.name !== figure.baseline.name) return undefined;
  const noise = Math.max(spread(figure.ratio), spread(before.ratio));
  const distance = figure.ratio.median - before.ratio.median;
  return Math.abs(distance) > noise ? distance : undefined;
}

export function spread({ low, high }: Quartiles): number {
  return high - low;
}
