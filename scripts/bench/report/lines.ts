import { digits } from "../support.ts";
import { type Curve, holds } from "./curve.ts";
import { type Figure, type Goal, goalValue, isReached, type Quartiles } from "./figure.ts";

/** `4.90 ms`; thousands in groups. */
export function amount(value: number, unit: string): string {
  return `${number(value)} ${unit}`;
}

/** As many digits as a measurement means. */
export function number(value: number): string {
  if (Math.abs(value) >= 10_000) return Math.round(value).toLocaleString("en");
  return Math.abs(value) < 0.095 && value !== 0 ? value.toPrecision(2) : digits(value);
}

/** `1.17 (1.15–1.19)` */
export function ratioText({ median, low, high }: Quartiles): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

/** `≤ 1.15 ×`, `≤ 40 MB`, `≤ 0.5 ms over` */
export function goalText({ of, atMost, atLeast }: Goal, unit: string): string {
  const limit = atMost === undefined
    ? `≥ ${atLeast?.toLocaleString("en")}`
    : `≤ ${atMost.toLocaleString("en")}`;
  if (of === "ratio") return `${limit} ×`;
  return of === "value" ? `${limit} ${unit}` : `${limit} ${unit} over`;
}

/** `reached`, `missed: 12.6 ms over`; nothing without a goal. */
export function verdict(figure: Figure): string {
  const { goal, unit } = figure;
  if (goal === undefined) return "";
  if (isReached(figure)) return "reached";
  if (goal.of === "ratio") return "missed";
  return `missed${goal.of === "value" ? "" : `: ${amount(goalValue(figure, goal), unit)} over`}`;
}

export function figureLine(figure: Figure): string {
  const { title, unit, value, baseline, ratio, goal } = figure;
  const end = goal === undefined ? "" : `; goal ${goalText(goal, unit)}: ${verdict(figure)}`;
  return `${title}: ${amount(value.median, unit)}; ${baseline.name}: ${
    amount(baseline.value.median, unit)
  }; ` +
    `ratio ${ratioText(ratio)}${end}`;
}

export function curveLine(curve: Curve): string {
  const { title, along, unit, points, exponent, lastExponent, slope, expected } = curve;
  const values = points.map(({ size, value }) => `${size.toLocaleString("en")}: ${number(value.median)}`);
  return `${title}, ${unit} with ${along} ${values.join(", ")}; exponent ${
    exponent.toFixed(2)
  }, at the end ` +
    `${lastExponent.toFixed(2)}; ${number(slope)} ${unit} each; ${expected}: ${
      holds(curve) ? "holds" : "FAULT"
    }`;
}
