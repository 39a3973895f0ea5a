import { UsageError } from "../base/errors.ts";
import type { ExitCode } from "../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import type { ExecOptions } from "./exec_from_project.ts";
import { parseToolTarget, type ToolTarget } from "./tool_target.ts";

export const command: Command<ExecOptions> = {
  usage: [
    "TOOL[@VERSION] [--] [ARGS…]",
    "TOOL@VERSION TOOL@VERSION… -- COMMAND [ARGS…]",
    "--with TOOL@VERSION COMMAND [ARGS…]",
    "-- COMMAND [ARGS…]   # any command, with the project's tools",
  ],
  flags: [
    { name: "install", short: "i", description: "Install the tool first if it is missing" },
    { name: "with", value: "TOOL@VERSION", description: "Run a command with this tool first on PATH" },
    { name: "shim", description: "A shim asks", hidden: true },
    { name: "stand-in", value: "DIR", description: "A stand-in of that project asks", hidden: true },
  ],
  examples: [
    "haft exec node -- app.js",
    "haft x esbuild@0.25 --version",
    "haft x --with node@22 npm test",
    "haft x node@22 npm:prettier@3 -- npm test",
  ],
  completes: "tools",
  stopEarly: true,
  readOnly: true,
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): ExecOptions {
  const standIn = flags.get("stand-in");
  const common = {
    install: flags.has("install"),
    shim: flags.has("shim"),
    standIn: typeof standIn === "string" ? standIn : undefined,
  };
  const beside = flags.get("with");
  if (typeof beside === "string") return withOne(parseToolTarget(beside), [...positional, ...rest], common);
  const [name, ...args] = positional;
  if (name === undefined) {
    const [command, ...words] = rest;
    if (command !== undefined) return { ...common, targets: [], command, args: words };
    throw new UsageError("Which tool? None was named", {
      next: 'Run "haft ls" for the tools of this project',
    });
  }
  const [command, ...words] = rest;
  // `node@22 npm@11 -- npm test`: before the `--` there are only tools, each with its version.
  if (command !== undefined && args.length > 0 && positional.every((word) => word.lastIndexOf("@") > 0)) {
    return { ...common, targets: positional.map(parseToolTarget), command, args: words };
  }
  // `haft exec node -- app.js` and `haft exec node app.js` are the same; a later `--` is the tool's.
  const target = parseToolTarget(name);
  const looksLike = args.length === 0 && target.version !== undefined ? command : undefined;
  return { ...common, targets: [target], command: target.name, args: [...args, ...rest], looksLike };
}

/** `--with node@22 npm test`: any command with that tool, or another tool with its version. */
function withOne(
  tool: ToolTarget,
  [command, ...args]: readonly string[],
  common: Pick<ExecOptions, "install" | "shim" | "standIn">,
): ExecOptions {
  if (command === undefined) {
    throw new UsageError("Which command? None was named", { next: "Write it behind the tool" });
  }
  if (command.lastIndexOf("@") <= 0) return { ...common, targets: [tool], command, args };
  const other = parseToolTarget(command);
  return { ...common, targets: [tool, other], command: other.name, args };
}

async function run(options: ExecOptions, context: Context): Promise<ExitCode> {
  // A name that ran here before never comes here: exec_known.ts has started it.
  const { execFromProject } = await import("./exec_from_project.ts");
  return await execFromProject(options, context);
}
