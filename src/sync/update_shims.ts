import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "../base/env.ts";
import type { Paths } from "../base/paths.ts";
import { errorMessage } from "../base/errors.ts";
import { runtime } from "../runtime/mod.ts";
import { shimsAreAsLeft } from "../tools/shims/shims_look.ts";
import { userConfigPath } from "../tools/project/user_config_path.ts";

export interface UpdateShimsOptions {
  /** False when nothing was installed or removed; then only missing or damaged shims are written. */
  changed: boolean;
  /** The tools are there even without their shims, so a failure is a warning and no more. */
  onWarning(text: string): void | Promise<void>;
}

/**
 * Makes the shims fit the store after it may have changed.
 *
 * @returns whether all were there already
 */
export async function updateShims(
  { env, paths, platform }: { env: Env; paths: Paths; platform: string },
  { changed, onWarning }: UpdateShimsOptions,
): Promise<boolean> {
  if (!changed && shimsLookSound(paths.shims) && shimsAreAsLeft(paths)) return true;
  try {
    const [{ writeShims }, { withheldWarning }] = await Promise.all([
      import("../tools/shims/write_shims.ts"),
      import("../tools/shims/shim_names.ts"),
    ]);
    const { withheld } = writeShims({ env, paths, platform, haft: runtime.selfCommand() });
    const warning = withheldWarning(withheld, userConfigPath(paths.config));
    if (warning !== undefined) await onWarning(warning);
  } catch (error) {
    await onWarning(
      `the shims could not be written: ${errorMessage(error)}\n  Run "haft shims" to try again`,
    );
  }
  return false;
}

/** Whether the directory is there and each file in it looks like a program; it reads none of them. */
function shimsLookSound(directory: string): boolean {
  try {
    return readdirSync(directory).every((file) => {
      const stat = statSync(join(directory, file));
      return stat.isFile() && stat.size > 0 && (stat.mode & 0o111) !== 0;
    });
  } catch {
    return false;
  }
}
