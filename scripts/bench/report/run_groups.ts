import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { build } from "../../build.ts";
import { builderBun } from "../../support/builder.ts";
import { deno } from "../../support/command.ts";
import { projectRoot } from "../../support/project.ts";
import type { Findings } from "./bench.ts";
import type { Group } from "./groups.ts";
import { commitName, describeMachine, load, type Machine } from "./machine.ts";
import { reasonOf } from "./reason.ts";
import { type GroupResult, readResults, type Results, writeResults } from "./results.ts";

/**
 * Runs the scripts one after the other and writes docs/benchmarks.json after each. A script that fails, or
 * that its limit ends, is named among what is missing, and the next one runs.
 *
 * @returns the names of the groups that failed
 * @throws {Error} when some figures of another machine would stay in the file
 */
export async function runGroups(
  groups: readonly Group[],
  { all, rounds }: { all: readonly Group[]; rounds: string | undefined },
): Promise<string[]> {
  await build();
  const machine = describeMachine(await builderBun());
  const before = readResults();
  const known = all.map(({ name }) => name);
  const kept = Object.entries(before?.groups ?? {}).filter(([name]) =>
    known.includes(name) && !groups.some((group) => group.name === name)
  );
  if (before !== undefined && kept.length > 0 && !isSame(machine, before.machine)) {
    throw new Error(
      `docs/benchmarks.json has ${kept.length} other groups of another machine (${before.machine.processor}); ` +
        "remove it, or run all",
    );
  }
  const found = new Map(kept);
  const failed: string[] = [];
  for (const group of groups) {
    console.log(`\n${group.title} (${group.name}), load ${load()}`);
    const { result, error } = await runGroup(group, rounds);
    if (error !== undefined) {
      failed.push(group.name);
      console.log(`FAILED ${group.name}: ${error}`);
    }
    found.set(group.name, result);
    writeResults({ machine, groups: inOrder(found, known) });
  }
  return failed;
}

function inOrder(found: ReadonlyMap<string, GroupResult>, names: readonly string[]): Results["groups"] {
  return Object.fromEntries(names.flatMap((name) => {
    const result = found.get(name);
    return result === undefined ? [] : [[name, result] as const];
  }));
}

function isSame(one: Machine, other: Machine): boolean {
  return one.processor === other.processor && one.cores === other.cores && one.memory === other.memory;
}

async function runGroup(
  { name, script, limit }: Group,
  rounds: string | undefined,
): Promise<{ result: GroupResult; error: string | undefined }> {
  const directory = mkdtempSync(join(tmpdir(), "haft-bench-"));
  const file = join(directory, "findings.json");
  const argv = [
    ...["run", "-A", "--quiet", join(projectRoot, "scripts", "bench", script), "--json", file],
    ...rounds === undefined ? [] : ["--rounds", rounds],
  ];
  const begun = { clock: performance.now(), load: load(), date: new Date() };
  let error: string | undefined;
  try {
    error = await ending(argv, { directory, limit });
    const findings = readFindings(file);
    if (error !== undefined) findings.missing.push({ what: `the rest of ${name}`, why: reasonOf(error) });
    const taken = {
      date: begun.date.toISOString().slice(0, 16).replace("T", " "),
      commit: commitName(),
      load: [begun.load, load()] as [number, number],
      seconds: Math.round((performance.now() - begun.clock) / 1_000),
    };
    return { result: { taken, ...findings }, error };
  } finally {
    remove(directory);
  }
}

/** What a process that was just killed still has open may keep a directory for a moment. */
function remove(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  } catch (error) {
    console.log(`${directory} stays: ${reasonOf(error)}`);
  }
}

/** Why a script failed; undefined when it did not. What it left running is killed. */
function ending(
  argv: readonly string[],
  { directory, limit }: { directory: string; limit: number },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let errors = "";
    let late = false;
    // Its daemons and programs inherit the variable, by which they are found again.
    const env = { ...process.env, TMPDIR: directory, HAFT_BENCH_RUN: directory };
    const child = spawn(deno, argv, { cwd: projectRoot, env, stdio: ["ignore", "inherit", "pipe"] });
    const timer = setTimeout(() => {
      late = true;
      killMarked(directory);
    }, limit * 1_000);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-4_000);
      process.stderr.write(text);
    });
    child.on("close", (code: number | null) => {
      clearTimeout(timer);
      killMarked(directory);
      if (late) resolve(`it took longer than ${limit} s`);
      else resolve(code === 0 ? undefined : lastError(errors) ?? `it ended with ${code}`);
    });
  });
}

/** The line of Deno's output that says what went wrong. */
function lastError(text: string): string | undefined {
  // deno-lint-ignore no-control-regex
  const plain = text.replaceAll(/\x1b\[[\d;]*m/g, "");
  return /^error: (?:Uncaught .*?)?(?:\w*Error: )?(.*)$/m.exec(plain)?.[1]?.slice(0, 200);
}

/** Ends every process that carries the marker in its environment, so none but this run's. */
function killMarked(directory: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const marked = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0")
        .includes(`HAFT_BENCH_RUN=${directory}`);
      if (marked) process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended meanwhile, or is another user's.
    }
  }
}

function readFindings(file: string): Findings {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { figures: [], curves: [], missing: [], peers: {} };
  }
}
