import { HaftError, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { findExecutable, hasTool, systemToolOf } from "../tools/project/find_executable.ts";
import { choiceNote, executablesOf } from "../tools/project/installed_tools.ts";
import { readLock } from "../tools/lockfile/read_lock_file.ts";
import { programOnPath } from "../tools/program_on_path.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { openProject, type Project } from "../tools/project/project.ts";
import { shortPath } from "./short_path.ts";

export interface WhichOptions {
  /** All of the project's executables when undefined. */
  name: string | undefined;
  why: boolean;
  json: boolean;
}

/** One executable, as `--json` prints it. */
interface WhichRow {
  name: string;
  path: string;
  tool: string;
  /** Null for one that is left to the system. */
  version: string | null;
  /** The file that decided, and where in it. */
  decided_by: { file: string; key: string; request: string };
  /** `[tools.NAME.options]` that it was installed with. */
  options: Record<string, unknown>;
  /** Files that say otherwise and were overruled, nearest first. */
  overruled: { file: string; key: string; request: string }[];
}

export const command: Command<WhichOptions> = {
  usage: ["TOOL", "--all"],
  flags: [
    { name: "why", description: "Say which file decided, and which it overruled" },
    { name: "all", short: "a", description: "Show every executable of the project" },
    { name: "json", description: "Print JSON: {name, path, tool, version, decided_by, options, overruled}" },
  ],
  examples: ["haft which node", "haft which rg --why"],
  completes: "tools",
  readOnly: true,
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): WhichOptions {
  const [name, extra] = [...positional, ...rest];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, { next: "Name one tool at a time" });
  }
  if ((name === undefined) !== flags.has("all")) {
    throw new UsageError(name === undefined ? "Which tool? None was named" : "--all takes no name", {
      next: 'Name a tool, or use "--all" for every executable of the project',
    });
  }
  return { name, why: flags.has("why"), json: flags.has("json") };
}

async function run({ name, why, json }: WhichOptions, context: Context): Promise<ExitCode> {
  const project = openProject(context.cwd, context);
  const rows = name === undefined
    ? allRows(project)
    : [systemRow(name, project, context) ?? row(name, project)];
  if (json) {
    await context.stdout.write(`${JSON.stringify(name === undefined ? rows : rows[0], null, 2)}\n`);
    return ExitCode.ok;
  }
  const lines = rows.map((entry) =>
    why ? `${entry.path}\n${explanation(entry, project, context)}` : entry.path
  );
  if (lines.length > 0) await context.stdout.data(`${lines.join("\n")}\n`);
  return ExitCode.ok;
}

/** A command that a version file leaves to the system, which is then what `haft exec` runs. */
function systemRow(name: string, project: Project, { env }: Context): WhichRow | undefined {
  const system = systemToolOf(name, project);
  if (system === undefined || hasTool(name, project.tools, project.files.catalogue)) return undefined;
  const path = programOnPath(name, { PATH: env["PATH"] });
  if (path === undefined) {
    const { file } = system.decidedBy;
    throw new HaftError(`There is no "${name}" on PATH, and "${file}" leaves ${system.name} to the system`, {
      next: `Install it there, or let haft provide it: haft use ${system.name}`,
    });
  }
  return {
    name,
    path,
    tool: system.name,
    version: null,
    decided_by: { ...system.decidedBy, request: "system" },
    options: {},
    overruled: [],
  };
}

function row(name: string, project: Project): WhichRow {
  const { tool: { request }, installed, path, name: executable } = findExecutable(
    name,
    project.tools,
    project.files,
  );
  return {
    name: executable,
    path,
    tool: request.name,
    version: installed.receipt.version,
    decided_by: { ...request.decidedBy, request: request.version },
    options: installed.receipt.options ?? {},
    overruled: project.files.shadowed.filter((other) => other.name === request.name)
      .map((other) => ({ ...other.decidedBy, request: other.version })),
  };
}

function allRows(project: Project): WhichRow[] {
  return project.tools.flatMap(({ installed }) =>
    installed === undefined ? [] : Object.keys(executablesOf(installed)).map((name) => row(name, project))
  );
}

/** Of another project around this one, or the user's own; undefined for a tool that is not locked there. */
function outerLock({ tool, version }: WhichRow, project: Project): string | undefined {
  const { lockPath } = project.layerOf(tool) ?? project.layers[0];
  if (lockPath === project.files.lockPath) return undefined;
  return readLock(lockPath).lock.tools[tool]?.version === version ? lockPath : undefined;
}

function explanation(entry: WhichRow, project: Project, { home }: Context): string {
  const { files, tools } = project;
  const lockedIn = outerLock(entry, project);
  const lines = [
    `  ${[entry.tool, entry.version].filter((word) => word !== null).join(" ")}: ${
      shortPath(entry.decided_by.file, home)
    } (${entry.decided_by.key}) asks for "${entry.decided_by.request}"`,
    ...(lockedIn === undefined ? [] : [`  locked in ${shortPath(lockedIn, home)}`]),
    ...Object.entries(entry.options).map(([name, value]) => `  option ${name} = ${JSON.stringify(value)}`),
    ...tools.filter(({ request }) => request.name === entry.tool).flatMap((tool) => {
      const note = choiceNote(tool);
      return note === undefined ? [] : [`  ${note}`];
    }),
    ...entry.overruled.map(({ file, key, request }) =>
      `  overruled: ${shortPath(file, home)} (${key}) asks for "${request}"`
    ),
    ...files.skipped.filter(({ name }) => name === entry.tool)
      .map(({ file, version, reason }) =>
        `  skipped: ${shortPath(file, home)} asks for "${version}": ${reason}`
      ),
  ];
  return lines.join("\n");
}
