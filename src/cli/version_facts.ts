import process from "node:process";
import { buildId } from "../base/build_id.ts";
import { PROTOCOL_RANGE } from "../protocol/protocol_range.ts";
import { runtime } from "../runtime/mod.ts";
import { hostPlatform } from "../tools/host_platform.ts";

/** `haft --version --json`: which haft this is, for scripts and for reports of faults. */
export interface VersionFacts {
  version: string;
  /** Tells builds of one version apart. */
  build: string;
  platform: string;
  /** What runs haft's code. */
  runtime: "deno" | "bun" | "node";
  executable: string;
  /** The versions of the daemon's protocol that it speaks. */
  protocol: { min: number; max: number };
}

export function versionFacts({ version }: { version: string }): VersionFacts {
  const [min, max] = PROTOCOL_RANGE;
  return {
    version,
    build: buildId(),
    platform: hostPlatform(),
    runtime: runtime.name,
    executable: process.execPath,
    protocol: { min, max },
  };
}
