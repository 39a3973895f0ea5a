import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { TaskConfig } from "./task_schema.ts";

/**
 * A hash of what decides a task's result: its configuration, and path and content of its inputs and outputs.
 *
 * @returns undefined when it names no inputs, or an output that is not there
 */
export function inputHash(root: string, config: TaskConfig): string | undefined {
  if (config.inputs.length === 0) return undefined;
  const hash = createHash("sha256");
  hash.update(JSON.stringify(config));
  for (const pattern of [...config.inputs, ...config.outputs]) {
    const files = globSync(pattern, { cwd: root }).map(String).sort();
    if (files.length === 0 && config.outputs.includes(pattern)) return undefined;
    for (const file of files) {
      const path = join(root, file);
      if (!statSync(path).isFile()) continue;
      hash.update(`\0${file}\0`);
      hash.update(readFileSync(path));
    }
  }
  return hash.digest("hex");
}
