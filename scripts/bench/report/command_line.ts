import { parseArgs } from "@std/cli/parse-args";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { projectRoot } from "../../support/project.ts";
import { comparison } from "./comparison.ts";
import { writeDocument } from "./document.ts";
import { CURVES, FIGURES, type Group } from "./groups.ts";
import { readResults, type Results, writeResults } from "./results.ts";
import { runGroups } from "./run_groups.ts";

const EVERY: readonly Group[] = [...FIGURES, ...CURVES];

/** What `all.ts` and `growth.ts` do, each with its own groups. */
export async function main(groups: readonly Group[], script: string): Promise<void> {
  const usage = `Usage: deno run -A scripts/bench/${script} [OPTIONS]

Runs ${groups.length} scripts, writes docs/benchmarks.json, and the tables of docs/benchmarks.md and the plots from it.

  --only NAME    these groups alone (repeatable, or separated by commas)
  --rounds N     instead of each script's own number
  --list         only say what there is
  --compare      only compare docs/benchmarks.json with that of the last commit
  --document     only write tables and plots anew`;
  const args = parseArgs(process.argv.slice(2), {
    boolean: ["list", "compare", "document", "help"],
    string: ["only", "rounds"],
    collect: ["only"],
    unknown: (name) => {
      console.error(`Unknown argument ${name}\n\n${usage}`);
      process.exit(2);
    },
  });
  if (args.help === true) return console.log(usage);
  if (args.list === true) {
    for (const { name, title, script } of groups) console.log(`${name.padEnd(18)} ${title} (${script})`);
    return;
  }
  if (args.compare === true) return printComparison(readResults(), committed());
  if (args.document === true) return await write(committed());
  const only = [args["only"]].flat().flatMap((names) => String(names).split(","));
  const unknown = only.filter((name) => !groups.some((group) => group.name === name));
  if (unknown.length > 0) {
    console.error(`There is no group "${unknown.join('", "')}"; see --list`);
    process.exitCode = 2;
    return;
  }
  const chosen = only.length === 0 ? groups : groups.filter(({ name }) => only.includes(name));
  const before = readResults();
  const begun = performance.now();
  const failed = await runGroups(chosen, {
    all: EVERY,
    rounds: args["rounds"] === undefined ? undefined : String(args["rounds"]),
  });
  await write(before);
  printComparison(readResults(), before);
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
  console.log(`\n${chosen.length - failed.length} of ${chosen.length} scripts in ${minutes} minutes`);
  if (failed.length > 0) {
    console.error(`Failed: ${failed.join(", ")}`);
    process.exitCode = 1;
  }
}

async function write(before: Results | undefined): Promise<void> {
  const results = readResults();
  if (results === undefined) throw new Error("There is no docs/benchmarks.json yet: run it without options");
  // As it was read, so that what was measured and what was kept is rounded alike.
  writeResults(results);
  await writeDocument(results, before);
}

function printComparison(after: Results | undefined, before: Results | undefined): void {
  if (after === undefined || before === undefined) return console.log("\nNothing to compare with yet");
  const lines = comparison(after, before);
  console.log(`\nMoved by more than the noise, since the last file: ${lines.length === 0 ? "nothing" : ""}`);
  for (const line of lines) console.log(`  ${line}`);
}

/** The results of the last commit. */
function committed(): Results | undefined {
  const { status, stdout } = spawnSync("git", ["show", "HEAD:docs/benchmarks.json"], {
    cwd: projectRoot,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return status === 0 ? JSON.parse(stdout) : undefined;
}
