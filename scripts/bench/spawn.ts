import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../support/project.ts";

/**
 * Milliseconds from before the spawn to after the exit. Starting a process costs about the same for every
 * contender.
 */
export function timeCommand(
  argv: readonly string[],
  options: { cwd: string; env: Record<string, string | undefined> },
): number {
  const [file = "", ...args] = argv;
  const started = performance.now();
  const { status, stderr, error } = spawnSync(file, args, {
    ...options,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  const elapsed = performance.now() - started;
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr}`);
  return elapsed;
}

/** The same in a terminal of 80 columns, without what making one costs. */
export function timeOnTerminal(
  argv: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string | undefined> },
): number {
  const script = join(projectRoot, "scripts", "bench", "programs", "on_terminal.py");
  const { status, stdout, stderr, error } = spawnSync("python3", [script, ...argv], {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status} on a terminal: ${stderr}`);
  return Number(stdout);
}

/** Runs the contenders in turn, so that what else the machine does falls on all of them alike. */
export function alternate<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, () => number>>,
): Record<Name, number[]> {
  const names = Object.keys(contenders) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) times[name].push(contenders[name]());
  }
  return times;
}
