import { number, verdict } from "./lines.ts";
import { moved } from "./figure.ts";
import { type Curve, holds } from "./curve.ts";
import { curvesOf, figuresOf, type Results } from "./results.ts";

/**
 * One line for each figure whose ratio moved by more than the noise, and each curve that changed its verdict.
 */
export function comparison(after: Results, before: Results): string[] {
  const figures = figuresOf(before);
  const lines = [...figuresOf(after).values()].flatMap((figure) => {
    const old = figures.get(figure.name);
    const distance = moved(figure, old);
    if (old === undefined || distance === undefined) return [];
    const goal = verdict(figure) === verdict(old) ? "" : `; goal ${verdict(figure)}, before ${verdict(old)}`;
    return [`${figure.name}: ${old.ratio.median.toFixed(2)} → ${figure.ratio.median.toFixed(2)}${goal}`];
  });
  const curves = curvesOf(before);
  const bent = [...curvesOf(after).values()].flatMap((curve) => {
    const old = curves.get(curve.name);
    if (old === undefined || holds(curve) === holds(old)) return [];
    return [`${curve.name}: ${shape(old)} → ${shape(curve)}`];
  });
  return [...lines, ...bent];
}

function shape(curve: Curve): string {
  return `${holds(curve) ? "holds" : "fault"} (exponent ${number(curve.lastExponent)} at the end)`;
}
