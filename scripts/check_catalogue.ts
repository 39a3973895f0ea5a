/**
 * Installs the catalogue's tools from the registries that the user's own clients are configured for, runs
 * each, and checks that it is the version that was asked for. Needs the network; the tests check the
 * catalogue's file alone.
 *
 *     deno run -A scripts/check_catalogue.ts [--write] [--missing] [--source SOURCE,…] [--jobs N] [TOOL…]
 *
 * Prints a line for each tool and the counts. `--write` puts each result into the table of docs/catalogue.md
 * at once, and keeps the tools that were not asked for; `--missing` asks for those without figures there,
 * which resumes a run. A tool whose first source cannot be reached is tried with its others. Exits 1 when a
 * tool that can be reached from here failed; one without any source that can be reached is skipped.
 */
import { parseArgs } from "@std/cli/parse-args";
import { spawnSync } from "node:child_process";
import { cpus, homedir, tmpdir } from "node:os";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import type { SourceName } from "../src/protocol/artifact.ts";
import { mapLimited } from "../src/base/work_pool.ts";
import { errorMessage } from "../src/base/errors.ts";
import { resolvePaths } from "../src/base/paths.ts";
import { VERSION } from "../src/base/version.ts";
import { installHere } from "../src/sync/install_here.ts";
import { createToolServices } from "../src/sync/tool_services.ts";
import { builtInCatalogue } from "../src/tools/catalogue/catalogue.ts";
import { hostPlatform } from "../src/tools/host_platform.ts";
import { HttpError } from "../src/tools/http/http_error.ts";
import { installConfig } from "../src/tools/resolve/install_config.ts";
import { resolveTool } from "../src/tools/resolve/resolve_tool.ts";
import { scriptCommand } from "../src/tools/project/js_runner.ts";
import { projectRoot } from "./support/project.ts";

interface Row {
  tool: string;
  source: SourceName;
  verdict: "ran" | "skipped" | "failed";
  version: string;
  megabytes: number;
  seconds: number;
  said: string;
}

const args = parseArgs(process.argv.slice(2), { boolean: ["write", "missing"], string: ["source", "jobs"] });
const asked = args._.map(String);
const sources = String(args["source"] ?? "").split(",").filter((one) => one !== "");
const pagePath = join(projectRoot, "docs", "catalogue.md");
const home = mkdtempSync(join(tmpdir(), "haft-catalogue-"));
const paths = resolvePaths({ env: { HAFT_HOME: home }, platform: process.platform, home });
const platform = hostPlatform();
mkdirSync(join(home, "empty"));
const services = await createToolServices({
  env: process.env,
  home: homedir(),
  paths,
  projectDir: join(home, "empty"),
  offline: false,
  mirrors: {},
  version: VERSION,
});
const environment: Record<string, string | undefined> = { ...process.env };
const signal = new AbortController().signal;

try {
  const before = measuredBefore();
  const names = builtInCatalogue.names().filter((name) =>
    (asked.length === 0 || asked.includes(name)) && (!args.missing || !before.has(name)) &&
    sourcesOf(name).length > 0
  );
  names.sort((a, b) => costOf(a) - costOf(b));
  const node = await installed("node", "npm");
  environment["PATH"] = `${join(node.path, "bin")}${delimiter}${process.env["PATH"]}`;
  const rows: Row[] = [];
  await mapLimited(names, Number(args.jobs ?? cpus().length), async (name) => {
    rows.push(await checkSources(name));
    if (args.write) writeFileSync(pagePath, page(rows, before));
  });
  const count = (verdict: Row["verdict"]) => rows.filter((row) => row.verdict === verdict).length;
  console.log(`${count("ran")} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
  process.exitCode = count("failed") > 0 ? 1 : 0;
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** What is downloaded comes before what is built. */
function costOf(tool: string): number {
  return ["npm", "pypi", "maven", "http", "github", "go", "cargo"].indexOf(sourcesOf(tool)[0] ?? "");
}

/** Those of the tool's sources that were asked for. */
function sourcesOf(tool: string): SourceName[] {
  const all = builtInCatalogue.entry(tool)?.sources.map(({ source }) => source) ?? [];
  return all.filter((one) => sources.length === 0 || sources.includes(one));
}

async function checkSources(tool: string): Promise<Row> {
  const [first, ...others] = sourcesOf(tool);
  if (first === undefined) throw new Error(`"${tool}" has no source`);
  let row = await check(tool, first);
  for (const source of others) {
    if (row.verdict !== "skipped") break;
    const next = await check(tool, source);
    if (next.verdict !== "skipped") row = next;
  }
  console.log(
    `${row.verdict.padEnd(8)}${row.tool.padEnd(22)}${row.source.padEnd(7)}${
      row.version.padEnd(12)
    }${row.said}`,
  );
  return row;
}

async function check(tool: string, source: SourceName): Promise<Row> {
  const begun = performance.now();
  const row: Row = {
    tool,
    source,
    verdict: "failed",
    version: "",
    megabytes: 0,
    seconds: 0,
    said: "",
  };
  try {
    const { path, receipt } = await installed(tool, source, (version) => {
      row.version = version;
    });
    row.seconds = (performance.now() - begun) / 1000;
    row.megabytes = sizeOf(path) / 1e6;
    Object.assign(row, run(tool, path, receipt.bin, receipt.kind));
    // Others are built or run with these.
    if (!["bun", "go", "node", "uv"].includes(tool)) rmSync(path, { recursive: true, force: true });
  } catch (error) {
    const unreachable = error instanceof HttpError &&
      ["dns", "refused", "proxy", "tls", "status", "broken"].includes(error.kind);
    row.verdict = unreachable ? "skipped" : "failed";
    row.said = errorMessage(error).split("\n")[0] ?? "";
  }
  return row;
}

async function installed(tool: string, source: SourceName, resolved: (version: string) => void = () => {}) {
  const request = {
    name: tool,
    version: "latest",
    source,
    definition: null,
    options: {},
    installEnv: {},
    decidedBy: { file: "catalogue", key: tool },
  };
  const locked = await resolveTool(request, { ...services, signal });
  resolved(locked.version);
  const config = installConfig(request, locked, {
    origin: "resolved",
    platform,
    projectDir: join(home, "empty"),
    force: false,
    offline: false,
    dependenciesLock: null,
  });
  const options = { services, paths, env: environment, version: VERSION, report: () => {}, signal };
  return await installHere(config, options);
}

/** Runs an executable with what asks for its version, in whichever way it understands that. */
function run(
  tool: string,
  path: string,
  bin: Readonly<Record<string, string>>,
  kind: string,
): Pick<Row, "verdict" | "said"> {
  const name = Object.hasOwn(bin, tool) ? tool : Object.keys(bin)[0] ?? "";
  const file = join(path, bin[name] ?? "");
  const script = kind === "js"
    ? scriptCommand(file, { env: environment, tools: [], paths })
    : { file, args: [], env: {} };
  let said = "";
  for (const ask of [["--version"], ["version"], ["-version"], ["-V"], ["--help"], ["-h"]]) {
    const { status, stdout, stderr, error } = spawnSync(script.file, [...script.args, ...ask], {
      encoding: "utf8",
      timeout: 60_000,
      cwd: join(home, "empty"),
      env: { ...environment, ...script.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    said = error === undefined ? `${stdout}${stderr}`.trim().split("\n")[0] ?? "" : errorMessage(error);
    // Some tell how they are used with an exit code for mistakes.
    const isUsage = /^usage\b/im.test(`${stdout}${stderr}`);
    if ((status === 0 || isUsage) && said !== "") return { verdict: "ran", said: said.slice(0, 60) };
  }
  return { verdict: "failed", said: `${name} does not run: ${said}` };
}

function sizeOf(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );
}

/** What an earlier run measured of a tool, as the page has it. */
function measuredBefore(): Map<string, string> {
  const text = readFileSync(pagePath, "utf8");
  const cells = text.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  return new Map(
    cells.filter((row) => row.length === 8 && /^\d/.test(row[4] ?? ""))
      .map((
        [, tool = "", , , version, megabytes, seconds],
      ) => [tool, `${version} | ${megabytes} | ${seconds}`]),
  );
}

function page(rows: readonly Row[], before: ReadonlyMap<string, string>): string {
  let ran = 0;
  const lines = builtInCatalogue.names().map((tool) => {
    const row = rows.find((one) => one.tool === tool);
    const entry = builtInCatalogue.entry(tool);
    const sources = [...new Set(entry?.sources.map(({ source }) => source))].join(", ");
    const measured = row?.verdict === "ran"
      ? `${row.version} | ${row.megabytes.toFixed(1)} | ${row.seconds.toFixed(1)}`
      : (row === undefined ? before.get(tool) : undefined) ?? " |  | ";
    if (!measured.startsWith(" |")) ran++;
    return `| ${tool} | ${entry?.description ?? ""} | ${sources} | ${measured} |`;
  });
  return `# The catalogue

Tools that haft knows by name: \`haft use NAME\`. Written by \`scripts/check_catalogue.ts --write\`, which installed and
ran ${ran} of these ${lines.length} on ${platform}; the others cannot be reached from there, or were not asked for.
Where a tool has several sources, the first is used unless \`source\` in haft.toml names another.

| tool | what it is | sources | version | MB | seconds |
| ---- | ---------- | ------- | ------- | -- | ------- |
${lines.join("\n")}
`;
}
