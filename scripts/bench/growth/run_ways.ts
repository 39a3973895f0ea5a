import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { delay } from "@std/async/delay";
import type { MeasuredCurve } from "../report/curve.ts";
import { alternate, timeCommand } from "../spawn.ts";

/** A project of one size, with a tool `bench-tool-0` that does nothing. */
export interface SizedProject {
  size: number;
  cwd: string;
  env: Record<string, string | undefined>;
}

/** Answers are kept only once the files that they come from have settled. */
const SETTLE_MS = 2_100;

/** The commands that ask for a tool, each a curve over the projects. */
export async function waysToRun(
  projects: readonly SizedProject[],
  { binary, rounds, name, along, expected }:
    & { binary: string; rounds: number }
    & Pick<MeasuredCurve, "name" | "along" | "expected">,
): Promise<MeasuredCurve[]> {
  await delay(SETTLE_MS);
  let places = 0;
  const ways: [key: string, title: string, run: (project: SizedProject) => number][] = [
    ["which", "`haft which TOOL`", (project) => timeCommand([binary, "which", "bench-tool-0"], project)],
    ["shim", "a shim", (project) => timeCommand([shimOf(project)], project)],
    ["exec", "`haft exec TOOL`", (project) => timeCommand([binary, "exec", "bench-tool-0"], project)],
    ["new", "`haft exec TOOL` in a new directory", (project) => {
      const cwd = join(project.cwd, `place-${places++}`);
      mkdirSync(cwd);
      return timeCommand([binary, "exec", "bench-tool-0"], { ...project, cwd });
    }],
    ["ls", "`haft ls`", (project) => timeCommand([binary, "ls"], project)],
  ];
  // A shim's answer is kept by the second run.
  for (const project of projects) for (let n = 0; n < 3; n++) timeCommand([shimOf(project)], project);
  return ways.map(([key, title, run]) => {
    const times = alternate(
      rounds,
      Object.fromEntries(projects.map((project) => [`${project.size}`, () => run(project)])),
    );
    const points = projects.map(({ size }) => ({ size, values: times[size] ?? [] }));
    return { name: `${name}.${key}`, title, along, unit: "ms", expected, points };
  });
}

function shimOf({ cwd }: SizedProject): string {
  return join(cwd, "home", "shims", "bench-tool-0");
}
