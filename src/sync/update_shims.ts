import { existsSync } from "node:fs";
import type { Env } from "../base/env.ts";
import type { Paths } from "../base/paths.ts";
import { errorMessage } from "../base/errors.ts";
import { runtime } from "../runtime/mod.ts";

import { userConfigPath } from "../tools/project/user_config_path.ts";

export interface UpdateShimsOptions {
  /** False when nothing was installed or removed; then only missing shims are a reason to write. */
  changed: boolean;
  /** The tools are there even without their shims, so a failure is a warning and no more. */
  onWarning(text: string): void | Promise<void>;
}

/** Makes the shims fit the store after it may have changed. */
export async function updateShims(
  { env, paths, platform }: { env: Env; paths: Paths; platform: string },
  { changed, onWarning }: UpdateShimsOptions,
): Promise<void> {
  if (!changed && existsSync(paths.shims)) return;
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
}
