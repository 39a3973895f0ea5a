import { statSync } from "node:fs";
import process from "node:process";
import { resolve } from "node:path";
import { errorCode, HaftError, UsageError } from "../base/errors.ts";
import { codeOf, EndedBySignal, interruptedCode } from "../base/ending_signal.ts";
import { ExitCode } from "../base/exit_code.ts";
import { REPLACEMENT } from "../base/lost_bytes.ts";
import { hearNotes } from "../base/passing_notes.ts";
import { mendDirectories } from "../base/mend_directories.ts";
import { relativeHome } from "../base/paths.ts";
import { shellQuote } from "../base/shell_quote.ts";
import { runtime } from "../runtime/mod.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { processContext } from "./context.ts";
import { describeError, errorAsJson } from "./describe_error.ts";
import { printWarning } from "./print_warning.ts";
import { findCommand, type FoundCommand, isHelp } from "./find_command.ts";
import { plainLine } from "./plain_line.ts";

/**
 * Runs one command line. The one place where errors become exit codes.
 *
 * @param args what follows the program's name
 */
export async function run(args: readonly string[], context?: Context): Promise<ExitCode> {
  if (context !== undefined) return await runReported(args, context);
  using own = processContext();
  const started = LITTLE_CODE.has(args[0] ?? "")
    ? undefined
    : setTimeout(() => runtime.compileHotCode(), START_MS);
  try {
    return await runReported(args, own);
  } finally {
    clearTimeout(started);
  }
}

/** A command that takes longer than this has code that is worth compiling. */
const START_MS = 100;
/** Servers, zlib, the hashes and the disk do their work: compiling costs more than it saves. */
const LITTLE_CODE: ReadonlySet<string> = new Set(["sync", "install"]);

/** How an error is to be told; known once the command line has been read. */
interface Report {
  json: boolean;
}

async function runReported(args: readonly string[], context: Context): Promise<ExitCode> {
  const report: Report = { json: false };
  try {
    refuseRelativeHome(context);
    mendDirectories(context.paths);
    const code = await dispatchTrusted(args, context, report);
    // What was printed is lost, though the command itself did its work.
    if (code === ExitCode.ok && context.stdout.failure !== undefined) throw context.stdout.failure;
    return codeOf(code, context.signal);
  } catch (error) {
    if (context.signal.aborted) return interruptedCode(context.signal);
    if (error instanceof EndedBySignal) return interruptedCode({ reason: error });
    if (report.json) {
      await context.stderr.write(errorAsJson(error));
    } else {
      await context.stderr.write(describeError(error, context));
      await furtherProblems(error, context);
    }
    return error instanceof HaftError ? error.exitCode : ExitCode.failed;
  }
}

/** @throws {UsageError} for a home that is another directory in each working directory */
function refuseRelativeHome(context: Context): void {
  const relative = relativeHome(context);
  if (relative === undefined) return;
  const { name, path } = relative;
  throw new UsageError(`${name} is a relative path, "${path}"`, {
    next: `Give it an absolute one: export ${name}=${shellQuote(resolve(context.cwd, path))}`,
  });
}

/** What else is wrong in the haft.toml that a command could not use, so that one look at it is enough. */
async function furtherProblems(error: unknown, context: Context): Promise<void> {
  if (!(error instanceof HaftError) || error.name !== "ManifestError") return;
  const [{ ManifestError }, { warnOfProblems }] = await Promise.all([
    import("../tools/manifest/manifest_problem.ts"),
    import("./check/problem_lines.ts"),
  ]);
  if (error instanceof ManifestError) await warnOfProblems(error.path, context, error.message);
}

/**
 * A command that needs trust has done nothing yet: it is asked for on a terminal, and the command begins
 * anew.
 */
async function dispatchTrusted(
  args: readonly string[],
  context: Context,
  report: Report,
): Promise<ExitCode> {
  try {
    return await dispatch(args, context, report);
  } catch (error) {
    if (!(error instanceof HaftError) || error.name !== "UntrustedError") throw error;
    const { askTrustAfter } = await import("./ask_trust.ts");
    if (!await askTrustAfter(error, context)) throw error;
    return await dispatch(args, context, report);
  }
}

async function dispatch(args: readonly string[], context: Context, report: Report): Promise<ExitCode> {
  const [first, ...words] = args;
  // `haft --host web1 app status` is `haft app status --host web1`.
  if (first === "--host" || first?.startsWith("--host=") === true) {
    const { withHostBehind } = await import("./fleet/host_flag.ts");
    return await dispatch(await withHostBehind(args, COMMANDS), context, report);
  }
  if (first === "--version" || first === "-V" || first === "version") {
    if (words.includes("--json")) {
      const { versionFacts } = await import("./version_facts.ts");
      return await print(`${JSON.stringify(versionFacts(context))}\n`, context);
    }
    return await print(`haft ${context.version}\n`, context);
  }
  const asksForHelp = first !== undefined && isHelp(first);
  const found = await findCommand(asksForHelp ? words : args, COMMANDS, async (word) => {
    const { projectMeaning } = await import("./project_meaning.ts");
    return await projectMeaning(word, context);
  });
  if (found.kind === "group") {
    const help = await helpText(found, context);
    if (asksForHelp || found.help) return await print(help, context);
    await context.stderr.write(found.path === "" ? `${help}${await firstStep(context)}` : help);
    return ExitCode.usage;
  }
  const { path, command } = found;
  if (asksForHelp) return await print(await helpText(found, context), context);
  const parsed = plainLine(found.args, command) ?? await parseFlags(found, context, report);
  if (parsed.flags.has("help")) return await print(await helpText(found, context), context);
  const options = command.parse(parsed);
  if (command.readOnly !== true && process.getuid?.() === 0) {
    const { refuseForeignHome } = await import("./foreign_home.ts");
    refuseForeignHome(context, args);
  }
  if (!canLookFor(context.paths.config)) {
    const { unreadableHome } = await import("./foreign_home.ts");
    throw unreadableHome(context, args);
  }
  let { cwd } = context;
  if (cwd.includes(REPLACEMENT) || args.some((word) => word.includes(REPLACEMENT))) {
    const { refuseLostBytes } = await import("./lost_bytes.ts");
    cwd = await refuseLostBytes({ path, command, args }, context);
  }
  hearNotes(UNHEARD.has(path) ? () => {} : (text) => void printWarning(context)(text));
  if (parsed.flags.has("host")) {
    const { runOnHosts } = await import("./fleet/on_hosts.ts");
    return await runOnHosts({ path, command, options, flags: parsed.flags }, context);
  }
  return await command.run(options, { ...context, cwd });
}

/** Whether this user may see if a directory is there. */
function canLookFor(path: string): boolean {
  try {
    statSync(path, { throwIfNoEntry: false });
    return true;
  } catch (error) {
    return errorCode(error) !== "EACCES";
  }
}

/** What a shell or a program runs, and the one that has findings of its own. */
const UNHEARD: ReadonlySet<string> = new Set(["complete", "doctor", "env", "exec"]);

/** Splits a command line, and does what its common flags say. */
async function parseFlags(
  { path, command, args }: Extract<FoundCommand, { kind: "command" }>,
  { stdout, stderr }: Context,
  report: Report,
): Promise<ParsedArgs> {
  const { colorFlag, parseCommandLine } = await import("./parse.ts");
  report.json = asksForJson(args, command);
  const parsed = parseCommandLine(args, { path, ...command });
  report.json = parsed.flags.has("json");
  const color = colorFlag(parsed);
  stdout.useColor(color);
  stderr.useColor(color);
  return parsed;
}

/** Read before the command line is, which may be wrong. The words behind a task's name are the task's. */
function asksForJson(args: readonly string[], { flags, stopEarly }: Command<unknown>): boolean {
  if (stopEarly === true || !flags.some(({ name }) => name === "json")) return false;
  const rest = args.indexOf("--");
  return (rest === -1 ? args : args.slice(0, rest)).includes("--json");
}

/** What to begin with in a directory that is no project yet. */
async function firstStep({ cwd }: Context): Promise<string> {
  const { nearestManifest } = await import("./check/problem_lines.ts");
  if (nearestManifest(cwd) !== undefined) return "";
  return `
There is no haft.toml here. To begin:
  haft init           # write one, with what this directory's files call for
  haft use node@22    # or start it with a tool; "haft ls --available" lists them
`;
}

async function helpText(found: FoundCommand, { version, stdout }: Context): Promise<string> {
  const { commandHelp, groupHelp, overview } = await import("./help.ts");
  const width = stdout.isTTY ? Math.min(80, stdout.columns) : 80;
  if (found.kind === "command") return commandHelp(found, width);
  const { entry, path, group } = found;
  return entry === undefined ? overview(COMMANDS, version, width) : groupHelp({ path, entry, group }, width);
}

async function print(text: string, context: Context): Promise<ExitCode> {
  await context.stdout.write(text);
  return ExitCode.ok;
}
