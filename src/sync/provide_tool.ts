import { compare, parse } from "@std/semver";
import type { InstallConfig } from "../protocol/install.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import type { ToolRequest } from "../tools/request.ts";
import { installConfig } from "../tools/resolve/install_config.ts";
import { resolveTool } from "../tools/resolve/resolve_tool.ts";
import type { Receipt } from "../tools/store/receipt.ts";
import { Store } from "../tools/store/store.ts";
import type { installHere, InstallHereOptions } from "./install_here.ts";

/**
 * A tool that another tool's install needs: the newest of the store, else the catalogue's newest, installed
 * like any.
 *
 * @param job what it is needed for
 */
export async function provideTool(
  name: string,
  job: InstallConfig,
  options: InstallHereOptions & { install: typeof installHere },
): Promise<{ receipt: Receipt; directory: string }> {
  const { services, paths, report, signal } = options;
  const store = new Store(paths);
  const receipt = newest(name, store) ?? await install();
  return { receipt, directory: store.directory(receipt.store_id, receipt.version) };

  async function install(): Promise<Receipt> {
    const message = `installing ${name}, which it is built with`;
    const heartbeat = () => report({ state: "post_install", tool: job.tool_name, message });
    heartbeat();
    const request: ToolRequest = {
      name,
      version: "latest",
      options: {},
      installEnv: {},
      decidedBy: { file: "the catalogue", key: name },
    };
    const locked = await resolveTool(request, { ...services, signal });
    const config = installConfig(request, locked, {
      platform: hostPlatform(),
      projectDir: job.project_dir,
      force: false,
      offline: job.offline,
      dependenciesLock: null,
    });
    return (await options.install(config, { ...options, report: heartbeat })).receipt;
  }
}

function newest(name: string, store: Store): Receipt | undefined {
  const platform = hostPlatform();
  return store.list()
    .filter((receipt) => receipt.store_id === name && receipt.platform === platform)
    .toSorted((a, b) => compare(parse(b.version), parse(a.version)))[0];
}
