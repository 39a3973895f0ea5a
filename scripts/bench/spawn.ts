import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { peakMemory } from "./support.ts";

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

/** Runs a command and watches the peak memory of its process and of every descendant, by /proc. */
export function watchMemory(
  argv: readonly string[],
  options: { cwd: string; env: Record<string, string | undefined> },
): Promise<Map<number, { command: string; bytes: number }>> {
  const [file = "", ...args] = argv;
  const peaks = new Map<number, { command: string; bytes: number }>();
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, env: { ...process.env, ...options.env }, stdio: "ignore" });
    const look = () => {
      for (const pid of [child.pid ?? 0, ...descendants(child.pid ?? 0)]) {
        const bytes = peakMemory(pid);
        if (bytes !== undefined) {
          peaks.set(pid, { command: commandLine(pid) ?? peaks.get(pid)?.command ?? "", bytes });
        }
      }
    };
    const timer = setInterval(look, 5);
    child.on("error", reject);
    child.on("close", (code: number | null) => {
      clearInterval(timer);
      if (code === 0) resolve(peaks);
      else reject(new Error(`${argv.join(" ")} ended with ${code}`));
    });
  });
}

function descendants(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const children = tasks.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number)
    );
    return [...children, ...children.flatMap(descendants)];
  } catch {
    return [];
  }
}

function commandLine(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return undefined;
  }
}
