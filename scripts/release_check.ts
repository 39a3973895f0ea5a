/**
 * Installs a release of this checkout by every way that it is published for, each into an empty home: says
 * its version, syncs a project, uninstalls, and prints what each way costs.
 */
import { parseArgs } from "@std/cli/parse-args";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { checkWay, type Measured } from "./release_check/check_way.ts";
import { publishRelease } from "./release_check/publish.ts";
import { hadolintWay, pythonWay, typescriptWay } from "./release_check/libraries.ts";
import { readmeWay } from "./release_check/readme.ts";
import { registryWays, startVerdaccio } from "./release_check/package_managers.ts";
import { ways } from "./release_check/ways.ts";
import { deno, runCommand } from "./support/command.ts";
import { markdownTable } from "./support/markdown_table.ts";

const usage = `Usage: deno run -A scripts/release_check.ts [--no-build] [--only TEXT]

Builds the release of this machine's platform (Linux x64), serves it on loopback as a registry and a releases'
page would, and installs it by every way. The last line is "N passed, N failed".

  --no-build   take dist/ as it is
  --only TEXT  only ways whose name has the text`;

async function main(): Promise<number> {
  const args = parseArgs(process.argv.slice(2), {
    boolean: ["help", "build"],
    negatable: ["build"],
    default: { build: true },
    string: ["only"],
    unknown: (name) => {
      throw new RangeError(`Unknown argument ${name}\n\n${usage}`);
    },
  });
  if (args.help === true) {
    console.log(usage);
    return 0;
  }
  if (args.build === true) await build();
  const scratch = mkdtempSync(join(tmpdir(), "haft-release-check-"));
  await using release = await publishRelease();
  await using verdaccio = await startVerdaccio(release);
  const rows: string[][] = [["way", "seconds", "MB downloaded", "start-up, ms", "result"]];
  let failed = 0;
  const all = [
    ...ways(release),
    ...registryWays(release, verdaccio),
    typescriptWay(release),
    pythonWay(release),
    hadolintWay(release),
    readmeWay(),
  ];
  const only = args.only === undefined ? "" : String(args.only);
  for (const way of all.filter(({ name }) => name.includes(only))) {
    const home = join(scratch, way.name.replaceAll(/\W+/g, "-"));
    mkdirSync(join(home, "project"), { recursive: true });
    try {
      rows.push([way.name, ...cells(await checkWay(way, { home, release })), "passed"]);
    } catch (error) {
      failed++;
      rows.push([way.name, "", "", "", "failed"]);
      console.error(`${way.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  rmSync(scratch, { recursive: true, force: true });
  console.log(`${markdownTable(rows)}\n`);
  console.log(`${rows.length - 1 - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function cells({ seconds, bytes, startMs }: Measured): string[] {
  return [
    seconds.toFixed(1),
    bytes === undefined ? "–" : (bytes / 1e6).toFixed(1),
    startMs?.toFixed(0) ?? "–",
  ];
}

async function build(): Promise<void> {
  const argv = [deno, "run", "-A", "--quiet", "scripts/release.ts", "--platform", "linux-x64", "--no-xz"];
  const { code } = await runCommand(argv);
  if (code !== 0) throw new Error("The release could not be built");
}

process.exitCode = await main();
