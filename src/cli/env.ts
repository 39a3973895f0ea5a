import { delimiter } from "node:path";
import { envValue } from "../base/env.ts";
import { UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { searchPath } from "../tools/project/search_path.ts";
import { openProject } from "../tools/project/project.ts";
import { HOOK_SHELLS } from "./prompt_hook.ts";
import { isShell, type Shell, shellLines, SHELLS } from "./shell.ts";

export interface EnvOptions {
  /** The user's own shell when undefined. */
  format: "json" | Shell | undefined;
  /** The hook at the prompt asks. */
  hook: boolean;
}

export const command: Command<EnvOptions> = {
  usage: [""],
  flags: [
    {
      name: "shell",
      value: "SHELL",
      completes: SHELLS,
      description: `For which shell: ${SHELLS.join(", ")} (default: from $SHELL)`,
    },
    { name: "json", description: "Print JSON: {set, unset, path}" },
    { name: "hook", description: "The hook at the prompt asks", hidden: true },
  ],
  examples: ['eval "$(haft env)"', "haft env --shell fish | source"],
  readOnly: true,
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): EnvOptions {
  const [extra] = [...positional, ...rest];
  if (extra !== undefined) throw new UsageError(`Unexpected argument "${extra}"`);
  const hook = flags.has("hook");
  if (flags.has("json")) return { format: "json", hook };
  const shell = flags.get("shell");
  if (shell === undefined) return { format: undefined, hook };
  if (typeof shell === "string" && isShell(shell)) return { format: shell, hook };
  throw new UsageError(`Unknown shell "${shell}"`, { next: `Known shells: ${SHELLS.join(", ")}` });
}

/** The login shell where it is one that haft knows; bash's syntax serves the rest. */
function shellOfUser({ env, platform }: Pick<Context, "env" | "platform">): Shell {
  const name = envValue(env, "SHELL")?.split("/").at(-1) ?? "";
  return isShell(name) ? name : platform === "win32" ? "powershell" : "bash";
}

async function run({ format, hook }: EnvOptions, context: Context): Promise<ExitCode> {
  if (hook) {
    const { promptStep } = await import("./prompt_step.ts");
    const shell = HOOK_SHELLS.find((one) => one === format) ?? "bash";
    await context.stdout.data(promptStep(shell, context));
    return ExitCode.ok;
  }
  const project = openProject(context.cwd, context);
  const { set, unset, path } = project.environmentChanges();
  const { variablesNote } = project;
  if (variablesNote !== undefined) {
    await context.stderr.write(`Note: ${variablesNote}\n`);
  }
  for (const { request: { name, version }, installed, elsewhere } of project.tools) {
    if (installed !== undefined || elsewhere) continue;
    await context.stderr.write(`Note: ${name} ${version} is not installed; "haft sync" installs it\n`);
  }
  if (format === "json") {
    await context.stdout.write(`${JSON.stringify({ set, unset, path }, null, 2)}\n`);
    return ExitCode.ok;
  }
  const inherited = context.env["PATH"];
  const missing = path.filter((directory) => inherited?.split(delimiter).includes(directory) !== true);
  const variables = missing.length === 0 ? set : { ...set, PATH: searchPath(missing, inherited) };
  await context.stdout.data(shellLines(format ?? shellOfUser(context), { set: variables, unset }));
  return ExitCode.ok;
}
