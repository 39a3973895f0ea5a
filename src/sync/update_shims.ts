import { existsSync } from "node:fs";
import type { Env } from "../base/env.ts";
import type { Paths } from "../base/paths.ts";
import { runtime } from "../runtime/mod.ts";

export interface UpdateShimsOptions {
  /** False when nothing was installed or removed; then only missing shims are a reason to write. */
  changed: boolean;
  /** The tools are there even without their shims, so a failure is told and no more. */
  onProblem(error: unknown): void | Promise<void>;
}

/** Makes the shims fit the store after it may have changed. */
export async function updateShims(
  { env, paths, platform }: { env: Env; paths: Paths; platform: string },
  { changed, onProblem }: UpdateShimsOptions,
): Promise<void> {
  if (!changed && existsSync(paths.shims)) return;
  try {
    const { writeShims } = await import("../tools/shims/write_shims.ts");
    writeShims({ env, paths, platform, haft: runtime.selfCommand() });
  } catch (error) {
    await onProblem(error);
  }
}
