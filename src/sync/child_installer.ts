import { availableParallelism } from "node:os";
import type { Env } from "../base/env.ts";
import { runtime } from "../runtime/mod.ts";
import { ChildPool } from "./child_pool.ts";
import { watchProcessors } from "./idle_processors.ts";
import { listenForChild, nextChannelName } from "./install_channel.ts";
import { closing, type ClosingInstaller } from "./install_one.ts";
import { InstallProcess } from "./install_process.ts";

export interface ChildInstallerOptions {
  env: Env;
  /** Milliseconds without progress after which a child counts as hung. */
  silence: number;
  /** The argv that starts haft; this same haft by default. */
  command?: readonly string[];
}

/** Installs tools in children `haft install … --ipc-channel NAME`; dispose of it when all are done. */
export function createChildInstaller(
  { env, silence, command = runtime.selfCommand() }: ChildInstallerOptions,
): ClosingInstaller {
  const pool = new ChildPool({
    // Each unpacks on one processor; the last does while another waits for its server or its disk.
    atOnce: availableParallelism() + 1,
    idle: watchProcessors(),
    create: ({ tool_name: tool }) =>
      new InstallProcess({
        command,
        channelName: nextChannelName(tool, { env }),
        listen: (name) => listenForChild(name, { env }),
        env,
        limits: { silence },
      }),
  });
  return closing((config, hooks) => pool.install(config, hooks), () => pool[Symbol.asyncDispose]());
}
