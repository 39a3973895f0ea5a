import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../support/project.ts";
import type { Findings } from "./bench.ts";
import type { Curve } from "./curve.ts";
import type { Figure } from "./figure.ts";
import type { Machine, Taken } from "./machine.ts";

/** What one script found, and when. */
export interface GroupResult extends Findings {
  taken: Taken;
}

/** docs/benchmarks.json: everything that the document's tables and plots are made of. */
export interface Results {
  machine: Machine;
  /** By the group's name. */
  groups: Record<string, GroupResult>;
}

export const RESULTS_FILE: string = join(projectRoot, "docs", "benchmarks.json");

/** The results of the last run; undefined when there is none. */
export function readResults(path: string = RESULTS_FILE): Results | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

/** Numbers have five digits: what lies behind them is noise, and every run would change it. */
export function writeResults(results: Results, path: string = RESULTS_FILE): void {
  const rounded = (_key: string, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  writeFileSync(path, `${JSON.stringify(results, rounded, 2)}\n`);
}

export function figuresOf(results: Results | undefined): Map<string, Figure> {
  return byName(results, ({ figures }) => figures);
}

export function curvesOf(results: Results | undefined): Map<string, Curve> {
  return byName(results, ({ curves }) => curves);
}

function byName<T extends { name: string }>(
  results: Results | undefined,
  of: (group: GroupResult) => readonly T[],
): Map<string, T> {
  return new Map(Object.values(results?.groups ?? {}).flatMap(of).map((item) => [item.name, item]));
}
