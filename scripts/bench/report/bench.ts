import { parseArgs } from "@std/cli/parse-args";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { type Curve, curveOf, type MeasuredCurve } from "./curve.ts";
import { type Figure, figureOf, type Measured } from "./figure.ts";
import { curveLine, figureLine } from "./lines.ts";
import { reasonOf } from "./reason.ts";

/** What one script found; a run of all scripts puts these together. */
export interface Findings {
  figures: Figure[];
  curves: Curve[];
  /** What could not take part, and why. */
  missing: { what: string; why: string }[];
  /** Programs beside haft, and their versions. */
  peers: Record<string, string>;
}

/** What a script knows and says while it measures. */
export interface Run {
  rounds: number;
  /** Of the sizes of a curve, those that `--largest` allows. */
  sizes(all: readonly number[]): number[];
  /** A peer that takes part. */
  peer(name: string, version: string): void;
  /** Something that does not take part. */
  missing(what: string, why: unknown): void;
}

export interface BenchOptions {
  /** Rounds unless `--rounds` says otherwise. */
  rounds: number;
  /** The core on which this process and its children run; all cores when undefined. */
  core?: number;
}

/**
 * Runs a script's measurements: prints each as it comes, and keeps them in the file of `--json FILE`, so that
 * a script that fails in the middle loses nothing it has measured.
 *
 *     deno run -A scripts/bench/NAME.ts [--rounds N] [--largest N] [--json FILE]
 *
 * @throws when a measurement fails, after writing what there was
 */
export async function bench(
  { rounds, core }: BenchOptions,
  measure: (run: Run) => AsyncIterable<Measured | MeasuredCurve>,
): Promise<void> {
  const options = parseArgs(process.argv.slice(2), { string: ["rounds", "largest", "json"] });
  const largest = Number(options["largest"] ?? Infinity);
  const folder = (process.argv[1] ?? "").includes("/growth/") ? "growth/" : "";
  const command = `deno run -A scripts/bench/${folder}${basename(process.argv[1] ?? "")}`;
  const findings: Findings = { figures: [], curves: [], missing: [], peers: {} };
  const keep = () => {
    if (options["json"] !== undefined) writeFileSync(String(options["json"]), JSON.stringify(findings));
  };
  if (core !== undefined) stayOn(core);
  const run: Run = {
    rounds: Number(options["rounds"] ?? rounds),
    sizes: (all) => all.filter((size) => size <= largest),
    peer: (name, version) => void (findings.peers[name] = version.trim()),
    missing(what, why) {
      findings.missing.push({ what, why: reasonOf(why) });
      console.log(`${what} does not take part: ${findings.missing.at(-1)?.why}`);
      keep();
    },
  };
  for await (const found of measure(run)) {
    if ("points" in found) {
      const curve = curveOf(found, command);
      findings.curves.push(curve);
      console.log(curveLine(curve));
    } else {
      const figure = figureOf(found, command);
      findings.figures.push(figure);
      console.log(figureLine(figure));
    }
    keep();
  }
}

/** Keeps this process, and what it starts from now on, on one core; where there is no taskset, on any. */
function stayOn(core: number): void {
  spawnSync("taskset", ["--all-tasks", "--pid", "--cpu-list", `${core}`, `${process.pid}`], {
    stdio: "ignore",
  });
}
