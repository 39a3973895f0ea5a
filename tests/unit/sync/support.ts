import type { LockedTool, LockFile } from "../../../src/tools/locked_tool.ts";
import type { ToolRequest } from "../../../src/tools/request.ts";

const INTEGRITY = `sha512-${"A".repeat(86)}==`;

export function request(name: string, version: string, more: Partial<ToolRequest> = {}): ToolRequest {
  return {
    name,
    version,
    options: {},
    definition: null,
    installEnv: {},
    decidedBy: { file: "haft.toml", key: `tools.${name}` },
    ...more,
  };
}

/** Platform packages that are not `@NAME/PLATFORM`. */
const PACKAGES: Readonly<Record<string, (platform: string) => string>> = {
  biome: (platform) => `@biomejs/cli-${platform}`,
  dprint: (platform) => `@dprint/${platform === "linux-x64" ? "linux-x64-glibc" : platform}`,
};

/** What the registry would have answered for esbuild, biome or dprint. */
export function locked(name: string, asked: string, version: string): LockedTool {
  const artifact = (platform: string) => [{
    kind: "npm" as const,
    package: PACKAGES[name]?.(platform) ?? `@${name}/${platform}`,
    version,
    integrity: INTEGRITY,
  }];
  return {
    request: asked,
    version,
    source: "npm",
    kind: "native",
    platforms: { "linux-x64-glibc": artifact("linux-x64"), "darwin-arm64": artifact("darwin-arm64") },
  };
}

export function lockFile(tools: Record<string, LockedTool>): LockFile {
  return { version: 1, tools };
}
