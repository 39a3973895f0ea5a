import { join } from "node:path";
import { HaftError } from "../base/errors.ts";
import type { Env } from "../base/env.ts";
import type { Paths } from "../base/paths.ts";
import type { InstallConfig } from "../protocol/install.ts";
import { runtime } from "../runtime/mod.ts";
import type { ArtifactMirror } from "../tools/install/artifact_mirror.ts";
import type { InstallResult } from "../tools/install/install_tool.ts";
import type { Reporter } from "../tools/reporter.ts";
import type { ToolServices } from "./tool_services.ts";

export interface InstallHereOptions {
  services: ToolServices;
  /** Where machines fetch for each other. */
  mirror?: ArtifactMirror | undefined;
  paths: Paths;
  env: Env;
  /** haft's own version, for the receipt. */
  version: string;
  report: Reporter;
  signal: AbortSignal;
}

/** Installs one tool in this process: what a child of a sync does, and `haft install` for a person. */
export async function installHere(
  config: InstallConfig,
  options: InstallHereOptions,
): Promise<InstallResult> {
  try {
    return await install(config, options);
  } catch (error) {
    if (error instanceof HaftError && error.name === "VersionNotFound") throw lockedNowhere(error, config);
    const used = config.artifacts[0]?.artifact.kind;
    if (used === undefined || options.signal.aborted) throw error;
    const { hintAtOtherSources } = await import("../tools/resolve/other_source.ts");
    throw hintAtOtherSources(error, { ...config, used });
  }
}

/** What is installed is what haft.lock says, so that it is the lock file that names what does not exist. */
function lockedNowhere(error: HaftError, { tool_name: tool, version }: InstallConfig): HaftError {
  const next = `haft.lock has ${tool} ${version}; "haft upgrade ${tool}" takes one that exists`;
  return new HaftError(error.message, {
    next: error.next === undefined ? next : `${error.next}\n${next}`,
    exitCode: error.exitCode,
    cause: error,
  });
}

async function install(config: InstallConfig, options: InstallHereOptions): Promise<InstallResult> {
  const { services, mirror, paths, env, version, report, signal } = options;
  const [{ installTool }, { proxyVariables }] = await Promise.all([
    import("../tools/install/install_tool.ts"),
    import("../tools/http/proxy.ts"),
  ]);
  return await installTool(config, {
    paths,
    http: services.http,
    registry: services.registry,
    documents: services.documents,
    user: services.user,
    mirror,
    report,
    signal,
    version,
    env: { ...env, ...proxyVariables(await services.registry.proxies()) },
    toolchain: async (name) => {
      const { provideTool } = await import("./provide_tool.ts");
      return await provideTool(name, config, { ...options, install: installHere });
    },
    // A Bun installs packages by itself; under Deno, in development, one of the store's does.
    ...(runtime.name === "bun" ? {} : {
      jsInstaller: async () => {
        const { provideTool } = await import("./provide_tool.ts");
        const { receipt, directory } = await provideTool("bun", config, { ...options, install: installHere });
        return { command: [join(directory, receipt.bin["bun"] ?? "bin/bun")], env: {} };
      },
    }),
  });
}
