import { UsageError } from "../base/errors.ts";
import type { ExitCode } from "../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import type { ExecOptions } from "./exec_from_project.ts";
import { parseToolTarget } from "./tool_target.ts";

export const command: Command<ExecOptions> = {
  usage: ["TOOL[@VERSION] [--] [ARGS…]"],
  flags: [
    { name: "install", short: "i", description: "Install the tool first if it is missing" },
    { name: "shim", description: "A shim asks", hidden: true },
  ],
  examples: ["haft exec node -- app.js", "haft x biome check", "haft x esbuild@0.25 --version"],
  completes: "tools",
  stopEarly: true,
  readOnly: true,
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): ExecOptions {
  const [name, ...args] = positional;
  if (name === undefined) {
    throw new UsageError("Which tool? None was named", {
      next: 'Run "haft ls" for the tools of this project',
    });
  }
  // `haft exec node -- app.js` and `haft exec node app.js` are the same; a later `--` is the tool's.
  const own = args[0] === "--" ? args.slice(1) : args;
  return {
    target: parseToolTarget(name),
    args: [...own, ...rest],
    install: flags.has("install"),
    shim: flags.has("shim"),
  };
}

async function run(options: ExecOptions, context: Context): Promise<ExitCode> {
  // A name that ran here before never comes here: exec_known.ts has started it.
  const { execFromProject } = await import("./exec_from_project.ts");
  return await execFromProject(options, context);
}
