import { linearRegression } from "simple-statistics";
import { type Quartiles, quartiles } from "./figure.ts";

/** How a cost is meant to grow. */
export type Growth = "flat" | "linear";

export interface Point {
  /** How much there is. */
  size: number;
  value: Quartiles;
}

/** How one cost grows with one size, and what fits it. */
export interface Curve {
  /** `tools.sync` */
  name: string;
  title: string;
  /** What grows: `tools asked for`. */
  along: string;
  unit: string;
  expected: Growth;
  points: Point[];
  /** The power of the size that the cost follows, over all points: 0 is flat, 1 is linear. */
  exponent: number;
  /** The same between the last two points, where a fixed cost hides least. */
  lastExponent: number;
  /** What one more costs, of a straight line through all points. */
  slope: number;
  /** What the straight line starts from. */
  intercept: number;
  command: string;
}

export interface MeasuredCurve {
  name: string;
  title: string;
  along: string;
  unit: string;
  expected: Growth;
  points: readonly { size: number; values: readonly number[] }[];
}

/** @throws {Error} for fewer than three points, which nothing can be fitted to */
export function curveOf(measured: MeasuredCurve, command: string): Curve {
  const points = measured.points.map(({ size, values }) => ({ size, value: quartiles(values) }));
  if (points.length < 3) throw new Error(`${measured.name} has ${points.length} points`);
  const pairs = points.map(({ size, value }) => [size, value.median]);
  const { m: slope, b: intercept } = linearRegression(pairs);
  return {
    ...measured,
    points,
    exponent: power(points),
    lastExponent: power(points.slice(-2)),
    slope,
    intercept,
    command,
  };
}

/** The slope of a straight line through the logarithms. */
function power(points: readonly Point[]): number {
  // What is too small to measure is as good as the smallest that can be.
  const logarithms = points.map((
    { size, value },
  ) => [Math.log(size), Math.log(Math.max(value.median, 1e-6))]);
  return linearRegression(logarithms).m;
}

/** What a flat curve may grow by from its first point to its last, beside the noise of the two. */
const FLAT = 1.15;
/** What the last exponent of a linear curve may be: two points have noise. */
const LINEAR = 1.15;

/** Whether a curve grows no faster than it is meant to. */
export function holds({ expected, points, lastExponent }: Curve): boolean {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return false;
  if (expected === "linear") return lastExponent <= LINEAR;
  return last.value.median <= first.value.median * FLAT || last.value.low <= first.value.high;
}
