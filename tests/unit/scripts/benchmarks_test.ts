import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { comparison } from "../../../scripts/bench/report/comparison.ts";
import { curveOf, holds } from "../../../scripts/bench/report/curve.ts";
import { BENCHMARKS_DOCUMENT, documentTables } from "../../../scripts/bench/report/document.ts";
import { type Figure, figureOf, type Goal, isReached } from "../../../scripts/bench/report/figure.ts";
import { CURVES, FIGURES } from "../../../scripts/bench/report/groups.ts";
import { figureLine } from "../../../scripts/bench/report/lines.ts";
import { drawPlots } from "../../../scripts/bench/report/plots.ts";
import { reasonOf } from "../../../scripts/bench/report/reason.ts";
import { readResults, type Results } from "../../../scripts/bench/report/results.ts";
import { fillTables } from "../../../scripts/support/markdown_table.ts";
import { projectRoot } from "../../../scripts/support/project.ts";

function figure(values: readonly number[], base: readonly number[], goal?: Goal): Figure {
  const measured = {
    name: "a.b",
    title: "haft",
    unit: "ms",
    values,
    baseline: { name: "base", values: base },
  };
  return figureOf({ ...measured, ...goal === undefined ? {} : { goal } }, "deno run x.ts");
}

function results(figures: readonly Figure[]): Results {
  const taken = { date: "2026-11-27 12:00", commit: "abc", load: [0, 1] as [number, number], seconds: 1 };
  return {
    machine: { processor: "P", cores: 2, memory: "4 GiB", kernel: "linux 6", runtimes: { deno: "2" } },
    groups: { start: { figures: [...figures], curves: [], missing: [], peers: { mise: "1.2" }, taken } },
  };
}

function curve(values: readonly number[], expected: "flat" | "linear") {
  const points = values.map((value, n) => ({ size: 10 ** n, values: [value] }));
  return curveOf({ name: "c", title: "c", along: "things", unit: "ms", expected, points }, "deno run x.ts");
}

Deno.test("figureOf() takes the ratio of each round, so that a slow round of both ends changes nothing", () => {
  const { value, ratio, rounds } = figure([10, 40, 12, 11, 10], [5, 20, 6, 5.5, 5]);
  assertEquals(value, { median: 11, low: 10, high: 12 });
  assertEquals([ratio, rounds], [{ median: 2, low: 2, high: 2 }, 5]);
  assertThrows(() => figure([], []), Error, "a.b was not measured");
});

Deno.test("isReached() compares what the goal speaks of: the ratio, the value, or what is over the baseline", () => {
  const rows: [Goal, boolean][] = [
    [{ of: "ratio", atMost: 1.5 }, true],
    [{ of: "ratio", atLeast: 1.6 }, false],
    [{ of: "value", atMost: 14 }, false],
    [{ of: "difference", atMost: 5 }, true],
    [{ of: "difference", atMost: 4.9 }, false],
  ];
  for (const [goal, reached] of rows) assertEquals(isReached(figure([15], [10], goal)), reached);
  assertEquals(isReached(figure([15], [10])), undefined);
  assertStringIncludes(
    figureLine(figure([15], [10], { of: "difference", atMost: 4.9 })),
    "goal ≤ 4.9 ms over: missed: 5.00 ms over",
  );
});

Deno.test("comparison() marks what moved by more than the distance between the quartiles, and no more", () => {
  const noisy = figure([8, 10, 12, 14, 16], [10, 10, 10, 10, 10], { of: "ratio", atMost: 1.3 });
  const near = figure([15, 15, 15, 15, 15], [10, 10, 10, 10, 10], { of: "ratio", atMost: 1.3 });
  const far = figure([20, 20, 20, 20, 20], [10, 10, 10, 10, 10], { of: "ratio", atMost: 1.3 });
  assertEquals(comparison(results([near]), results([noisy])), []);
  assertEquals(comparison(results([far]), results([noisy])), [
    "a.b: 1.20 → 2.00; goal missed, before reached",
  ]);
  const other = { ...noisy, baseline: { ...noisy.baseline, name: "another" } };
  assertEquals(comparison(results([far]), results([other])), []);
  const cells = documentTables(results([far]), results([noisy]))["start"]?.[1];
  assertEquals(cells?.slice(1), [
    "20.0 ms",
    "base: 10.0 ms",
    "2.00 (2.00–2.00), was 1.20",
    "≤ 1.3 ×",
    "missed",
  ]);
});

Deno.test("curveOf() fits the exponent and the line; holds() takes the last two points of a linear curve", () => {
  const linear = curve([2, 20, 200, 2_000], "linear");
  assertEquals(linear.exponent.toFixed(6), "1.000000");
  assertEquals(linear.slope.toFixed(6), "2.000000");
  assert(holds(linear));
  const square = curve([1, 100, 10_000], "linear");
  assertEquals(square.lastExponent.toFixed(6), "2.000000");
  assert(!holds(square));
  // A fixed cost must not hide what comes at the end.
  assert(!holds(curve([100, 101, 130, 3_000], "linear")));
  assert(holds(curve([10, 10, 11], "flat")));
  assert(!holds(curve([10, 10, 12], "flat")));
  assertThrows(() => curve([1, 2], "flat"), Error, "c has 2 points");
});

Deno.test("every group of benchmarks has its script, its place in the document and, for curves, its plot", () => {
  const text = readFileSync(BENCHMARKS_DOCUMENT, "utf8");
  const names = [...FIGURES, ...CURVES].map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (const { name, script } of [...FIGURES, ...CURVES]) {
    assert(existsSync(join(projectRoot, "scripts", "bench", script)), script);
    assertStringIncludes(text, `<!-- ${name}: generated -->`);
  }
  for (const { name } of CURVES) {
    const isDrawn = existsSync(join(projectRoot, "docs", "plots", `${name}.svg`));
    assertEquals(
      text.includes(`(plots/${name}.svg)`),
      isDrawn,
      `${name}: a picture that is there, and no other`,
    );
  }
});

Deno.test("docs/benchmarks.md: its tables are those of docs/benchmarks.json", () => {
  const found = readResults();
  assert(found !== undefined);
  const text = readFileSync(BENCHMARKS_DOCUMENT, "utf8");
  // What moved is of the file before, which is gone.
  const plain = (document: string) =>
    document.replaceAll(/, was [\d.]+/g, "").replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
  assertEquals(plain(text), plain(fillTables(text, documentTables(found))));
});

Deno.test("drawPlots() draws pictures that carry both colour schemes and say in words what they show", () => {
  const with_ = results([figure([15], [10], { of: "ratio", atMost: 2 })]);
  const grown = { ...with_.groups["start"], figures: [], curves: [curve([1, 10, 100], "linear")] };
  const groups = { ...with_.groups, "grow-apps": grown } as Results["groups"];
  const plots = drawPlots({ ...with_, groups });
  assertEquals(Object.keys(plots), ["goals", "grow-apps"]);
  for (const svg of Object.values(plots)) {
    assertStringIncludes(svg, "prefers-color-scheme:dark");
    assertStringIncludes(svg, 'xmlns="http://www.w3.org/2000/svg"');
  }
  assertStringIncludes(plots["goals"] ?? "", 'aria-label="Figures and their goals: a.b: reached"');
  assertStringIncludes(plots["grow-apps"] ?? "", "Apps: c grows with exponent 1.00");
});

Deno.test("reasonOf() names neither this machine's directories nor an address", () => {
  const error = new Error(`${projectRoot}/dist/haft sync ended with 1\nGET https://example.com/x: 404\nmore`);
  assertEquals(reasonOf(error), "haft/dist/haft sync ended with 1; GET an address 404");
});
