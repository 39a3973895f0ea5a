import { join } from "node:path";
import { compare, parse } from "@std/semver";
import type { InstallConfig } from "../protocol/install.ts";
import type { JsInstaller } from "../tools/install/install_deps.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import type { ToolRequest } from "../tools/request.ts";
import { installConfig } from "../tools/resolve/install_config.ts";
import { resolveTool } from "../tools/resolve/resolve_tool.ts";
import type { Receipt } from "../tools/store/receipt.ts";
import { Store } from "../tools/store/store.ts";
import type { installHere, InstallHereOptions } from "./install_here.ts";

const BUN: ToolRequest = {
  name: "bun",
  version: "latest",
  options: {},
  installEnv: {},
  decidedBy: { file: "the catalogue", key: "bun" },
};

/**
 * A Bun for installing JavaScript packages where haft itself does not run on one: the newest of the store,
 * else the catalogue's, installed like any tool.
 * @param job what the Bun is for
 */
export async function bunInstaller(
  job: InstallConfig,
  options: InstallHereOptions & { install: typeof installHere },
): Promise<JsInstaller> {
  const { services, paths, report, signal } = options;
  const store = new Store(paths);
  const receipt = newestBun(store) ?? await installBun();
  const executable = receipt.bin["bun"] ?? "bin/bun";
  return { command: [join(store.directory(receipt.store_id, receipt.version), executable)], env: {} };

  async function installBun(): Promise<Receipt> {
    report({ state: "post_install", tool: job.tool_name, message: "installing bun, which installs it" });
    const locked = await resolveTool(BUN, { ...services, signal });
    const config = installConfig(BUN, locked, {
      platform: hostPlatform(),
      projectDir: job.project_dir,
      force: false,
      offline: job.offline,
      dependenciesLock: null,
    });
    return (await options.install(config, { ...options, report: () => {} })).receipt;
  }
}

function newestBun(store: Store): Receipt | undefined {
  const platform = hostPlatform();
  return store.list()
    .filter((receipt) => receipt.store_id === "bun" && receipt.platform === platform)
    .toSorted((a, b) => compare(parse(b.version), parse(a.version)))[0];
}
