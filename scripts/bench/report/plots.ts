import * as Plot from "@observablehq/plot";
import { DOMParser } from "linkedom";
import type { Curve } from "./curve.ts";
import { goalValue, isReached } from "./figure.ts";
import { CURVES } from "./groups.ts";
import { figuresOf, type Results } from "./results.ts";

/** Seen on white and on black alike. */
const COLOURS = ["#4c7bd9", "#d98324", "#2f9e6e", "#c9577b", "#8f67d0", "#8a8f98", "#b59a1d", "#27a3b5"];
const WIDTH = 720;
/**
 * As a picture a plot has the colours that the reader's system asks for. A page that takes it in removes this
 * part, and the text has the page's own colour.
 */
const SCHEMES = "<style>svg{color:#1f2328}@media(prefers-color-scheme:dark){svg{color:#e6edf3}}</style>";

/** The plots of a run by the names of their files: how near each goal is, and how each cost grows. */
export function drawPlots(results: Results): Record<string, string> {
  const grown = CURVES.flatMap(({ name, title }) => {
    const curves = results.groups[name]?.curves ?? [];
    return curves.length === 0 ? [] : [[name, drawCurves(title, curves)] as const];
  });
  return { goals: drawGoals(results), ...Object.fromEntries(grown) };
}

/** How often the cost of the smallest size the others have; the dashed line is what grows in proportion. */
function drawCurves(title: string, curves: readonly Curve[]): string {
  const points = curves.flatMap(({ title, points }) => {
    const first = points[0]?.value.median ?? NaN;
    return points.map(({ size, value }) => ({ title, size, times: Math.max(value.median / first, 0.1) }));
  });
  const sizes = points.map(({ size }) => size);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const highest = Math.max(2, ...points.map(({ times }) => times));
  // No higher than the curves, so that it squeezes none of them.
  const end = Math.min(most, least * highest);
  const colours = { domain: curves.map(({ title }) => title), range: COLOURS };
  return draw(`${title}: ${curves.map(spoken).join("; ")}`, {
    height: 320,
    x: { type: "log", label: `${curves[0]?.along ?? ""} →`, domain: [least, most], ...PLAIN },
    y: {
      type: "log",
      label: "↑ times the cost of the smallest",
      domain: [0.5, highest * 1.3],
      grid: true,
      ...PLAIN,
    },
    color: colours,
    marks: [
      Plot.line([[least, 1], [end, end / least]], { strokeDasharray: "3 4", strokeOpacity: 0.6 }),
      Plot.line(points, { x: "size", y: "times", stroke: "title", strokeWidth: 2 }),
      Plot.dot(points, { x: "size", y: "times", fill: "title", r: 3 }),
      ...curves.map(({ title }, n) =>
        Plot.text([title.replaceAll("`", "")], {
          frameAnchor: "top-left",
          dx: 8,
          dy: 4 + n * 15,
          fill: COLOURS[n % COLOURS.length] ?? "currentColor",
          fontWeight: 600,
          text: (title: string) => title,
        })
      ),
    ],
  });
}

/** Each figure that has a goal, by how far it is from it: 1 and less is reached. */
function drawGoals(results: Results): string {
  const figures = [...figuresOf(results).values()].flatMap((figure) => {
    const { goal, name } = figure;
    if (goal === undefined) return [];
    const reached = goalValue(figure, goal);
    const distance = goal.atMost === undefined ? (goal.atLeast ?? NaN) / reached : reached / goal.atMost;
    return [{ name, distance: Math.min(Math.max(distance, 0.1), 10), reached: isReached(figure) === true }];
  });
  const words = figures.map(({ name, reached }) => `${name}: ${reached ? "reached" : "missed"}`);
  return draw(`Figures and their goals: ${words.join("; ")}`, {
    height: 60 + figures.length * 20,
    marginLeft: 190,
    x: { type: "log", label: "of what the goal allows →", domain: [0.1, 10], grid: true, ...PLAIN },
    y: { label: null, domain: figures.map(({ name }) => name), tickSize: 0 },
    marks: [
      Plot.ruleX([1], { strokeWidth: 1.5 }),
      Plot.ruleY(figures, {
        y: "name",
        x1: 1,
        x2: "distance",
        strokeWidth: 6,
        stroke: ({ reached }: { reached: boolean }) => reached ? COLOURS[2] ?? "" : COLOURS[1] ?? "",
      }),
    ],
  });
}

/** Ticks as plain numbers. */
const PLAIN = {
  tickFormat: (value: number) => value.toLocaleString("en", { maximumFractionDigits: 2 }),
  ticks: 5,
};

function spoken({ title, exponent }: Curve): string {
  return `${title} grows with exponent ${exponent.toFixed(2)}`;
}

function draw(label: string, options: Plot.PlotOptions): string {
  const document = new DOMParser().parseFromString("<html><body></body></html>", "text/html");
  const svg = Plot.plot({
    document,
    width: WIDTH,
    marginLeft: 60,
    className: "haft-plot",
    ariaLabel: label,
    ...options,
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  // A group without a role may have no label; the picture's own says it all.
  for (const group of svg.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label");
  return `${svg.outerHTML.replace(/<style>[\s\S]*?<\/style>/, SCHEMES)}\n`;
}
