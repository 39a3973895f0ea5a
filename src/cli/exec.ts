import { delimiter } from "node:path";
import { UsageError } from "../base/errors.ts";
import type { ExitCode } from "../base/exit_code.ts";
import { runtime } from "../runtime/mod.ts";
import { findExecutable } from "../tools/project/find_executable.ts";
import { type ProjectTool, projectTool } from "../tools/project/installed_tools.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import type { ToolRequest } from "../tools/request.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { installedTools, type OpenProject, openProject, projectEnvironment } from "./open_project.ts";
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

async function run({ target, args, install }: ExecOptions, context: Context): Promise<ExitCode> {
  let open = withTarget(openProject(context), target);
  if (needsInstall(open, target) && (install || open.project.settings.auto_install === true)) {
    const { installMissing } = await import("./install_missing.ts");
    await installMissing(target, context);
    open = withTarget(openProject(context), target);
  }
  const found = findExecutable(target.name, open.tools);
  const { set, unset, path } = await projectEnvironment(context, open);
  const env: Record<string, string | undefined> = { ...context.env, ...set };
  for (const name of unset) delete env[name];
  if (found.installed.receipt.kind === "js") {
    const { scriptCommand } = await import("../tools/project/js_runner.ts");
    const script = scriptCommand(found.path, {
      env: context.env,
      tools: installedTools(open.tools),
      stateDirectory: context.paths.state,
    });
    env["PATH"] = [...path, context.env["PATH"] ?? ""].join(delimiter);
    return await runtime.exec(script.file, [...script.args, ...args], { env: { ...env, ...script.env } });
  }
  env["PATH"] = [...path, context.env["PATH"] ?? ""].join(delimiter);
  return await runtime.exec(found.path, args, { env });
}

/** A version on the command line stands in for the project's, or adds a tool that the project does not have. */
function withTarget(open: OpenProject, { name, version }: ToolTarget): OpenProject {
  if (version === undefined) return open;
  const known = open.tools.find(({ request }) => request.name === name)?.request;
  const request: ToolRequest = {
    ...(known ?? { name, options: {}, installEnv: {} }),
    version,
    decidedBy: { file: "the command line", key: name },
  };
  const tool: ProjectTool = projectTool(request, {
    lock: { version: 1, tools: {} },
    store: open.store,
    platform: hostPlatform(),
  });
  // First, so that its directory comes first on PATH, too.
  return { ...open, tools: [tool, ...open.tools.filter((other) => other.request.name !== name)] };
}

function needsInstall({ tools }: OpenProject, { name }: ToolTarget): boolean {
  try {
    findExecutable(name, tools);
    return false;
  } catch {
    return tools.some(({ installed, elsewhere }) => installed === undefined && !elsewhere);
  }
}
