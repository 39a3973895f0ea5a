import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import process from "node:process";
import { projectRoot } from "../../support/project.ts";

/** What the figures were taken on. */
export interface Machine {
  processor: string;
  cores: number;
  memory: string;
  kernel: string;
  runtimes: Record<string, string>;
}

/** When figures were taken, of what, and beside what else. */
export interface Taken {
  date: string;
  commit: string;
  /** The load average at the start and at the end. */
  load: [start: number, end: number];
  seconds: number;
}

/** @param bun the bun that haft is compiled by */
export function describeMachine(bun: string): Machine {
  const versions = {
    bun: firstLine(bun, "--version"),
    deno: firstLine(process.execPath, "--version"),
    node: firstLine("node", "--version"),
    python: firstLine("python3", "--version"),
    cc: firstLine("cc", "--version"),
  };
  return {
    processor: processorName(),
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `${process.platform} ${release()}`,
    runtimes: Object.fromEntries(Object.entries(versions).filter(([, version]) => version !== "")),
  };
}

/** The load average of the last minute. */
export function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

/** The commit that is measured, with a `+` when files differ from it. */
export function commitName(): string {
  const git = (...args: string[]) =>
    spawnSync("git", args, { cwd: projectRoot, encoding: "utf8" }).stdout?.trim() ?? "";
  // The results themselves change while they are made.
  const changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "scripts", "main.ts");
  return `${git("rev-parse", "--short", "HEAD")}${changed === "" ? "" : "+"}`;
}

/** The digits of the version that a program prints first; nothing when there is no such program. */
export function firstLine(program: string, ...args: string[]): string {
  const { stdout } = spawnSync(program, args, { encoding: "utf8" });
  const line = stdout?.trim().split("\n")[0] ?? "";
  return /\d+(?:\.\d+)+/.exec(line.replace(/\(.*?\)/, ""))?.[0] ?? line;
}

function processorName(): string {
  const model = cpus()[0]?.model;
  if (model !== undefined && model !== "unknown") return model;
  try {
    return /^model name\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown";
  } catch {
    return "unknown";
  }
}
