import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deno, mustRun } from "../../support/command.ts";
import { fillTables } from "../../support/markdown_table.ts";
import { projectRoot } from "../../support/project.ts";
import { type Curve, holds } from "./curve.ts";
import { type Figure, moved } from "./figure.ts";
import { CURVES, FIGURES } from "./groups.ts";
import { amount, goalText, number, ratioText, verdict } from "./lines.ts";
import { drawPlots } from "./plots.ts";
import { figuresOf, type Results, RESULTS_FILE } from "./results.ts";

export const BENCHMARKS_DOCUMENT: string = join(projectRoot, "docs", "benchmarks.md");
export const PLOTS_DIRECTORY: string = join(projectRoot, "docs", "plots");

/** Writes the tables of docs/benchmarks.md and the plots beside it. @param before to say what moved since */
export async function writeDocument(results: Results, before: Results | undefined): Promise<void> {
  const text = readFileSync(BENCHMARKS_DOCUMENT, "utf8");
  writeFileSync(BENCHMARKS_DOCUMENT, fillTables(text, documentTables(results, before)));
  mkdirSync(PLOTS_DIRECTORY, { recursive: true });
  for (const [name, svg] of Object.entries(drawPlots(results))) {
    writeFileSync(join(PLOTS_DIRECTORY, `${name}.svg`), svg);
  }
  await mustRun([deno, "fmt", "--quiet", BENCHMARKS_DOCUMENT, RESULTS_FILE]);
}

/** The tables by the names of their places; a group that was not measured has an empty one. */
export function documentTables(results: Results, before?: Results): Record<string, string[][]> {
  const old = figuresOf(before);
  const figures = FIGURES.map(({ name }) =>
    [name, figureTable(results.groups[name]?.figures ?? [], old)] as const
  );
  const curves = CURVES.map(({ name }) => [name, curveTable(results.groups[name]?.curves ?? [])] as const);
  return {
    machine: machineTable(results),
    taken: takenTable(results),
    missing: missingTable(results),
    ...Object.fromEntries([...figures, ...curves]),
  };
}

function figureTable(figures: readonly Figure[], before: ReadonlyMap<string, Figure>): string[][] {
  return [
    ["figure", "haft", "beside it", "ratio (quartiles)", "goal", "result"],
    ...figures.map((figure) => {
      const { name, title, unit, value, baseline, ratio, goal } = figure;
      const old = before.get(name);
      const was = moved(figure, old) === undefined ? "" : `, was ${old?.ratio.median.toFixed(2)}`;
      return [
        title,
        amount(value.median, unit),
        `${baseline.name}: ${amount(baseline.value.median, unit)}`,
        `${ratioText(ratio)}${was}`,
        goal === undefined ? "" : goalText(goal, unit),
        verdict(figure),
      ].map(cell);
    }),
  ];
}

/** Curves of one group; those of other sizes than the first have their sizes in the cells. */
function curveTable(curves: readonly Curve[]): string[][] {
  const sizes = curves[0]?.points.map(({ size }) => size) ?? [];
  return [
    [
      curves[0]?.along ?? "cost",
      ...sizes.map((size) => size.toLocaleString("en")),
      "each further",
      "exponent (at the end)",
      "meant",
      "result",
    ],
    ...curves.map((curve) => {
      const { title, unit, points, slope, exponent, lastExponent, expected } = curve;
      return [
        `${title}, ${unit}`,
        ...sizes.map((size) => {
          const point = points.find((point) => point.size === size);
          return point === undefined ? "" : number(point.value.median);
        }),
        number(slope),
        `${exponent.toFixed(2)} (${lastExponent.toFixed(2)})`,
        expected,
        holds(curve) ? "holds" : "does not hold",
      ].map(cell);
    }),
  ];
}

function machineTable({ machine }: Results): string[][] {
  const { processor, cores, memory, kernel, runtimes } = machine;
  const versions = Object.entries(runtimes).map(([name, version]) => `${name} ${version}`).join(", ");
  return [
    ["processor", "cores", "memory", "kernel", "runtimes"],
    [processor, `${cores}`, memory, kernel, versions].map(cell),
  ];
}

function takenTable({ groups }: Results): string[][] {
  const titles = new Map([...FIGURES, ...CURVES].map(({ name, title, script }) => [name, { title, script }]));
  return [
    ["group", "script", "when (UTC)", "commit", "load", "seconds", "beside"],
    ...Object.entries(groups).map(([name, { taken, peers }]) => {
      const { title = name, script = "" } = titles.get(name) ?? {};
      const { date, commit, load, seconds } = taken;
      const beside = Object.entries(peers).map(([peer, version]) => `${peer} ${version}`).join(", ");
      return [title, `\`${script}\``, date, commit, `${load[0]} to ${load[1]}`, `${seconds}`, beside]
        .map(cell);
    }),
  ];
}

function missingTable({ groups }: Results): string[][] {
  const all = Object.values(groups).flatMap(({ missing }) => missing);
  return [
    ["what did not take part", "why"],
    ...all.map(({ what, why }) => [what, why].map(cell)),
    ...all.length === 0 ? [["nothing", ""]] : [],
  ];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
