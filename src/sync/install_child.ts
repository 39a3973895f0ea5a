import type { InstallConfig } from "../protocol/install.ts";
import type { Completed } from "./install_conversation.ts";
import { type InstallJobHooks, InstallProcess, type InstallProcessOptions } from "./install_process.ts";

export type InstallChildOptions = InstallProcessOptions & InstallJobHooks;

/**
 * Installs one tool in a child process of its own; see {@link InstallProcess}.
 *
 * @throws {HaftError} why it failed and what can be done
 * @throws the signal's reason when it is aborted
 */
export async function installChild(config: InstallConfig, options: InstallChildOptions): Promise<Completed> {
  await using child = new InstallProcess(options);
  return await child.install(config, options, { stays: false });
}
