import type { Env } from "../base/env.ts";
import { runtime } from "../runtime/mod.ts";
import { listenForChild, nextChannelName } from "./install_channel.ts";
import { installChild } from "./install_child.ts";
import type { Installer } from "./install_one.ts";

export interface ChildInstallerOptions {
  env: Env;
  /** Milliseconds without progress after which a child counts as hung. */
  silence: number;
  /** The argv that starts haft; this same haft by default. */
  command?: readonly string[];
}

/** Installs each tool in a child `haft install … --ipc-channel NAME`. */
export function createChildInstaller(
  { env, silence, command = runtime.selfCommand() }: ChildInstallerOptions,
): Installer {
  return (config, hooks) =>
    installChild(config, {
      command,
      channelName: nextChannelName(config.tool_name, { env }),
      listen: (name) => listenForChild(name, { env }),
      env,
      limits: { silence },
      ...hooks,
    });
}
