import { compare, parse } from "@std/semver";
import type { InstallConfig } from "../protocol/install.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import { plainRequest, type ToolRequest } from "../tools/request.ts";
import { installConfig } from "../tools/resolve/install_config.ts";
import { resolveTool } from "../tools/resolve/resolve_tool.ts";
import { isOwnChoice } from "../tools/store/receipt.ts";
import { type InstalledTool, Store } from "../tools/store/store.ts";
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
): Promise<InstalledTool> {
  const { services, paths, report, signal } = options;
  const store = new Store(paths);
  return newestOwn(name, { store, root: job.project_dir }) ?? await install();

  async function install(): Promise<InstalledTool> {
    const message = `installing ${name}, which it is built with`;
    const heartbeat = () => report({ state: "post_install", tool: job.tool_name, message });
    heartbeat();
    const request: ToolRequest = {
      ...plainRequest({ name, definition: null }),
      version: "latest",
      decidedBy: { file: "the catalogue", key: name },
    };
    const locked = await resolveTool(request, { ...services, signal });
    const config = installConfig(request, locked, {
      platform: hostPlatform(),
      projectDir: job.project_dir,
      force: false,
      offline: job.offline,
      origin: "resolved",
      dependenciesLock: null,
    });
    const { receipt, path } = await options.install(config, { ...options, report: heartbeat });
    return { receipt, directory: path };
  }
}

/** All projects share the store: what another one's lock file or sources put there builds nothing here. */
function newestOwn(name: string, { store, root }: { store: Store; root: string }): InstalledTool | undefined {
  const platform = hostPlatform();
  return store.versions(name)
    .filter(({ receipt }) => receipt.platform === platform && isOwnChoice(receipt, root))
    .toSorted((a, b) => compare(parse(b.receipt.version), parse(a.receipt.version)))[0];
}
