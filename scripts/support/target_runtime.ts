import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { resolvePaths } from "../../src/base/paths.ts";
import { installTool } from "../../src/tools/install/install_tool.ts";
import { parseLockFile } from "../../src/tools/lockfile/parse_lock_file.ts";
import type { ToolRequest } from "../../src/tools/request.ts";
import { installConfig } from "../../src/tools/resolve/install_config.ts";
import { projectRoot } from "./project.ts";
import { configuredRegistry } from "./registry.ts";
import type { Target } from "./targets.ts";

/**
 * The executable of bun for another platform, to put haft into. It is the very bun that haft.lock pins,
 * installed and verified by haft's own code into dist/; left to itself, bun would download one that nothing
 * vouches for.
 */
export async function targetRuntime(target: Target): Promise<string> {
  const lock = parseLockFile(readFileSync(join(projectRoot, "haft.lock"), "utf8"), "haft.lock");
  const locked = lock.tools["bun"];
  if (locked === undefined) throw new Error('haft.lock has no bun; run "deno task sync" first');
  const request: ToolRequest = {
    name: "bun",
    version: locked.request,
    options: {},
    definition: null,
    installEnv: {},
    decidedBy: { file: "haft.toml", key: "tools.bun" },
  };
  const config = installConfig(request, locked, {
    platform: target.platform,
    projectDir: projectRoot,
    force: false,
    offline: false,
    origin: "locked",
    dependenciesLock: null,
  });
  const home = join(projectRoot, "dist", "runtimes", target.name);
  const paths = resolvePaths({
    env: { HAFT_HOME: home },
    platform: process.platform,
    home: homedir(),
  });
  const services = configuredRegistry({ projectDir: projectRoot, scratch: home });
  const { path } = await installTool(config, {
    paths,
    ...services,
    toolchain: () => Promise.reject(new Error("bun is not built here")),
    report: () => {},
    signal: new AbortController().signal,
    version: "build",
    env: process.env,
  });
  const executable = config.bin["bun"];
  if (executable === undefined) {
    throw new Error(`The catalogue names no executable of bun for ${target.platform}`);
  }
  return join(path, executable);
}
