import type { Env } from "../base/env.ts";
import { runtime } from "../runtime/mod.ts";
import { completeLocked, resolveTool } from "../tools/resolve/resolve_tool.ts";
import type { InstallOne } from "./install_all.ts";
import type { Resolver } from "./resolve_all.ts";
import { listenForChild, nextChannelName } from "./install_channel.ts";
import { installChild } from "./install_child.ts";
import { createToolServices, type ToolServicesOptions } from "./tool_services.ts";

/** Resolves from the real sources. */
export async function createResolver(
  options: ToolServicesOptions,
): Promise<Resolver> {
  const services = await createToolServices(options);
  return (request, signal, incomplete) =>
    incomplete === undefined
      ? resolveTool(request, { ...services, signal })
      : completeLocked(request, incomplete, { ...services, signal });
}

export interface InstallerOptions {
  env: Env;
  /** `[mirrors]` of the project: a child reads no manifest. */
  mirrors: Readonly<Record<string, string>>;
  /** Milliseconds without progress after which a child counts as hung. */
  silence: number;
  /** The argv that starts haft; this same haft by default. */
  command?: readonly string[];
}

/** Installs each tool in a child `haft install … --ipc-channel NAME`. */
export function createInstaller(
  { env, mirrors, silence, command = runtime.selfCommand() }: InstallerOptions,
): InstallOne {
  return (config, hooks) =>
    installChild({ ...config, mirrors: { ...mirrors } }, {
      command,
      channelName: nextChannelName(config.tool_name, { env }),
      listen: (name) => listenForChild(name, { env }),
      env,
      limits: { silence },
      ...hooks,
    });
}
