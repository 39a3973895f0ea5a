import { errorMessage, HaftError, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { FleetMirror } from "../fleet/mirror/fleet_mirror.ts";
import type { InstallConfig } from "../protocol/install.ts";
import type { ToolServices } from "../sync/tool_services.ts";
import type { Reporter } from "../tools/reporter.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import type { PersonOptions } from "./install_for_person.ts";
import { parseToolTarget } from "./tool_target.ts";

export type InstallCommandOptions =
  /** A child of `haft sync`: the job comes over the channel. */
  | { kind: "child"; tool: string; channel: string }
  | { kind: "person" } & PersonOptions;

export const command: Command<InstallCommandOptions> = {
  usage: ["TOOL[@VERSION]…", "TOOL[@VERSION] --ipc-channel NAME"],
  flags: [
    { name: "force", short: "f", description: "Install again what is there" },
    { name: "offline", description: "Use only what is in the store and the cache" },
    { name: "json", description: "Print every event as a line of JSON" },
    {
      name: "ipc-channel",
      value: "NAME",
      description: "Take the job from a channel, by its name or path, and report to it",
    },
  ],
  examples: ["haft install biome", "haft install node@22 npm:prettier@3"],
  completes: "catalogue",
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): InstallCommandOptions {
  const specs = [...positional, ...rest];
  const [first] = specs;
  if (first === undefined) {
    throw new UsageError("No tool to install", {
      next: 'Name one, such as "haft install biome@2"; "haft sync" installs all of haft.toml',
    });
  }
  const channel = flags.get("ipc-channel");
  if (channel === undefined) {
    return {
      kind: "person",
      tools: specs.map(parseToolTarget),
      force: flags.has("force"),
      offline: flags.has("offline"),
      json: flags.has("json"),
    };
  }
  if (typeof channel !== "string" || channel === "") throw new UsageError("--ipc-channel needs a name");
  if (specs.length > 1) throw new UsageError("--ipc-channel takes one tool at a time");
  return { kind: "child", tool: first, channel };
}

async function run(options: InstallCommandOptions, context: Context): Promise<ExitCode> {
  if (options.kind === "child") return await runChild(options, context);
  const { installForPerson } = await import("./install_for_person.ts");
  return await installForPerson(options, context);
}

/** The mirror of this machine's fleet; undefined where there is none, or it cannot be reached. */
async function openMirror(
  { tool_name: tool }: InstallConfig,
  { report }: { report: Reporter },
  { paths }: Context,
): Promise<FleetMirror | undefined> {
  const { readUserConfig } = await import("../tools/project/user_config.ts");
  const { fleet } = readUserConfig(paths.config);
  if (fleet === undefined) return undefined;
  const { FleetMirror } = await import("../fleet/mirror/fleet_mirror.ts");
  return await FleetMirror.open(fleet, {
    onProblem: (message) => report({ state: "post_install", tool, message }),
  });
}

async function runChild(
  { tool, channel }: { tool: string; channel: string },
  context: Context,
): Promise<ExitCode> {
  const [{ serveInstall }, { installHere }, { createToolServices }] = await Promise.all([
    import("../sync/serve_install.ts"),
    import("../sync/install_here.ts"),
    import("../sync/tool_services.ts"),
  ]);
  let clients: { key: string; services: Promise<ToolServices> } | undefined;
  /** One sync's jobs ask the same servers, by the same settings. */
  const servicesFor = (config: InstallConfig): Promise<ToolServices> => {
    const options = {
      projectDir: config.project_dir,
      projectTrusted: config.project_trusted ?? false,
      offline: config.offline,
      mirrors: config.mirrors ?? {},
    };
    const key = JSON.stringify(options);
    if (clients?.key !== key) clients = { key, services: createToolServices({ ...context, ...options }) };
    return clients.services;
  };
  try {
    return await serveInstall(channel, {
      expected: tool,
      env: context.env,
      signal: context.signal,
      async install(job, hooks) {
        if (job.kind === "named") {
          const { installNamed } = await import("../sync/install_named.ts");
          return await installNamed(job.config, { user: context, ...hooks });
        }
        const { config } = job;
        const services = await servicesFor(config);
        await using mirror = config.share === true ? await openMirror(config, hooks, context) : undefined;
        return await installHere(config, { ...context, ...hooks, services, mirror });
      },
    });
  } catch (error) {
    context.signal.throwIfAborted();
    const known = error instanceof HaftError ? error : undefined;
    throw new HaftError(errorMessage(error), {
      next: known?.next ??
        `--ipc-channel is for the children of "haft sync"; to install by hand run "haft install ${tool}"`,
      exitCode: known?.exitCode ?? ExitCode.transport,
      cause: error,
    });
  }
}
