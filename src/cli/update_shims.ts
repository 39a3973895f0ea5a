import { existsSync } from "node:fs";
import { errorMessage } from "../base/errors.ts";
import { runtime } from "../runtime/mod.ts";
import type { Context } from "./command.ts";

/**
 * Makes the shims fit the store after it may have changed. A failure is a warning: the tools are there, and `haft exec` runs them.
 *
 * @param changed false when nothing was installed or removed; then only missing shims are a reason to write
 */
export async function updateShims(context: Context, { changed }: { changed: boolean }): Promise<void> {
  if (!changed && existsSync(context.paths.shims)) return;
  try {
    const { writeShims } = await import("../tools/shims/write_shims.ts");
    writeShims({ ...context, haft: runtime.selfCommand() });
  } catch (error) {
    await context.stderr.write(
      `Warning: the shims could not be written: ${errorMessage(error)}\n  Run "haft shims" to try again\n`,
    );
  }
}
