import { errorMessage, HaftError, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { Command, Context } from "./command.ts";
import { COMMANDS, findCommand } from "./commands.ts";
import { processContext } from "./context.ts";

/**
 * Runs one command line. The one place where errors become exit codes.
 *
 * @param args what follows the program's name
 */
export async function run(args: readonly string[], context?: Context): Promise<ExitCode> {
  if (context !== undefined) return await runReported(args, context);
  using own = processContext();
  return await runReported(args, own);
}

async function runReported(args: readonly string[], context: Context): Promise<ExitCode> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    if (context.signal.aborted) return ExitCode.interrupted;
    await context.stderr.write(describeError(error, context));
    return error instanceof HaftError ? error.exitCode : ExitCode.failed;
  }
}

async function dispatch(args: readonly string[], context: Context): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined) {
    await context.stderr.write(await helpText([], context));
    return ExitCode.usage;
  }
  if (name === "--version" || name === "-V" || name === "version") {
    return await print(`haft ${context.version}\n`, context);
  }
  if (name === "--help" || name === "-h" || name === "help") {
    return await print(await helpText(rest, context), context);
  }
  const command = await loadCommand(name);
  const { parseCommandLine } = await import("./parse.ts");
  const parsed = parseCommandLine(rest, command);
  if (parsed.flags.has("help")) return await print(await helpText([name], context), context);
  return await command.run(command.parse(parsed), context);
}

async function loadCommand(name: string): Promise<Command<unknown>> {
  const entry = findCommand(name);
  if (entry !== undefined) return await entry.load();
  const { nearestNames } = await import("../tools/versions/nearest.ts");
  const [near] = nearestNames(
    name,
    COMMANDS.flatMap((command) => [command.name, ...(command.aliases ?? [])]),
  );
  throw new UsageError(name.startsWith("-") ? `Unknown option ${name}` : `Unknown command "${name}"`, {
    next: near === undefined ? `Run "haft --help" for what there is` : `Did you mean "haft ${near}"?`,
  });
}

async function helpText([name]: readonly string[], context: Context): Promise<string> {
  const { commandHelp, overview } = await import("./help.ts");
  return name === undefined ? overview(COMMANDS, context.version) : commandHelp(await loadCommand(name));
}

async function print(text: string, context: Context): Promise<ExitCode> {
  await context.stdout.write(text);
  return ExitCode.ok;
}

/** What a person reads: what happened, then the next step; with HAFT_DEBUG=1 also where. */
export function describeError(error: unknown, { env, stderr }: Pick<Context, "env" | "stderr">): string {
  const label = stderr.color ? "\x1b[1;31merror\x1b[0m" : "error";
  const lines = [`${label}: ${errorMessage(error)}`];
  if (error instanceof HaftError && error.next !== undefined) {
    lines.push(...error.next.split("\n").map((line) => `  ${line}`));
  }
  if (!(error instanceof HaftError)) lines.push("  This is a fault in haft itself; HAFT_DEBUG=1 shows where");
  if ((env["HAFT_DEBUG"] ?? "") !== "") lines.push(...causes(error));
  return lines.join("\n") + "\n";
}

function causes(error: unknown): string[] {
  const lines: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) lines.push(at.stack ?? String(at));
  return lines;
}
