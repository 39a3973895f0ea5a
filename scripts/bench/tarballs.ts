import { hostPlatform } from "../../src/tools/host_platform.ts";
import { lockedArtifacts } from "../../src/tools/locked_tool.ts";
import { parseLockFile } from "../../src/tools/lockfile/parse_lock_file.ts";
import { configuredRegistry } from "../support/registry.ts";

export interface Tarball {
  name: string;
  version: string;
  url: string;
}

/** The addresses of this platform's npm tarballs in a lock file, as the configured registry gives them. */
export async function lockedTarballs(lock: string, projectDir: string): Promise<Tarball[]> {
  const { registry } = configuredRegistry({ projectDir, scratch: projectDir });
  const artifacts = Object.values(parseLockFile(lock, "haft.lock").tools)
    .flatMap((tool) => lockedArtifacts(tool, hostPlatform()) ?? []);
  const npm = artifacts.flatMap((artifact) => artifact.kind === "npm" ? [artifact] : []);
  return await Promise.all(npm.map(async ({ package: name, version }) => {
    const { url } = await registry.tarball(name, version);
    return { name, version, url };
  }));
}
