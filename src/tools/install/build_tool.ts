import { HaftError } from "../../base/errors.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import type { InstallDeps } from "./install_deps.ts";
import type { StagedTree } from "./install_native.ts";

/** Builds a tool with its language's own tool, into a staged tree. */
export async function stageBuilt(
  config: InstallConfig,
  context: { deps: InstallDeps; installation: string },
): Promise<StagedTree> {
  const artifact = config.artifacts[0]?.artifact;
  if (artifact?.kind === "go") {
    const { stageGoProgram } = await import("./build_go.ts");
    return await stageGoProgram(config, artifact, context);
  }
  if (artifact?.kind === "cargo") {
    const { stageCargoProgram } = await import("./build_cargo.ts");
    return await stageCargoProgram(config, artifact, context);
  }
  throw new HaftError(`haft cannot build "${config.tool_name}" ${config.version}`);
}
