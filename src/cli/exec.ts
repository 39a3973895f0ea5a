import { delimiter } from "node:path";
import { errorCode, UsageError } from "../base/errors.ts";
import type { ExitCode } from "../base/exit_code.ts";
import { runtime } from "../runtime/mod.ts";
import { type CachedCommand, readExecCache } from "../tools/project/exec_cache.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { parseToolTarget, type ToolTarget } from "./tool_target.ts";

export interface ExecOptions {
  target: ToolTarget;
  args: string[];
  /** Install what is missing first. */
  install: boolean;
}

export const command: Command<ExecOptions> = {
  name: "exec",
  summary: "Run a tool at the project's version, in this process's place",
  usage: ["TOOL[@VERSION] [--] [ARGS…]"],
  flags: [{ name: "install", short: "i", description: "Install the tool first if it is missing" }],
  examples: ["haft exec node -- app.js", "haft x biome check", "haft x esbuild@0.25 --version"],
  stopEarly: true,
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
  return { target: parseToolTarget(name), args: [...own, ...rest], install: flags.has("install") };
}

async function run(options: ExecOptions, context: Context): Promise<ExitCode> {
  const { target, args } = options;
  const known = target.version === undefined
    ? readExecCache(context.paths.exec, cacheKey(target.name, context))
    : undefined;
  if (known !== undefined) {
    try {
      return await runCommand(known, args, context.env);
    } catch (error) {
      // The tool is gone or is no program any more: the long way says what is the matter.
      if (errorCode(error) !== "ENOENT" && errorCode(error) !== "EACCES") throw error;
    }
  }
  const { execFromProject } = await import("./exec_from_project.ts");
  return await execFromProject(options, context);
}

export function cacheKey(name: string, { cwd, version }: Pick<Context, "cwd" | "version">) {
  return { cwd, name, version };
}

export async function runCommand(
  { file, path, defaults }: CachedCommand,
  args: readonly string[],
  env: Context["env"],
): Promise<ExitCode> {
  const PATH = [...path, env["PATH"] ?? ""].join(delimiter);
  return await runtime.exec(file, args, { env: { ...defaults, ...env, PATH } });
}
