import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ProjectTool } from "../../tools/project/installed_tools.ts";
import { installedHashes } from "../../tools/store/executables.ts";
import { fault, type Finding } from "./finding.ts";

/** Executables of the project's tools that are other files than those that haft installed. */
export async function changedExecutables(tools: readonly ProjectTool[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { installed } of tools) {
    if (installed === undefined) continue;
    const { directory, receipt: { bin, tool, version } } = installed;
    const hashes = installedHashes(directory);
    for (const path of new Set(Object.values(bin))) {
      const expected = hashes.get(path);
      const file = join(directory, path);
      if (expected === undefined || await sha256(file) === expected) continue;
      const fix = `Run "haft install ${tool}@${version} --force"`;
      findings.push(
        fault("tools", `"${file}" of ${tool} ${version} is not the file that haft installed`, fix),
      );
    }
  }
  return findings;
}

/** @returns undefined when the file is not there */
async function sha256(path: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch {
    return undefined;
  }
  return hash.digest("hex");
}
