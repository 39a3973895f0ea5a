import { errorMessage } from "../base/errors.ts";
import type { Context } from "./command.ts";

/** Tells of shims that could not be written: a warning, since the tools are there and `haft exec` runs them. */
export function shimWarning({ stderr }: Pick<Context, "stderr">): (error: unknown) => Promise<void> {
  return (error) =>
    stderr.write(
      `Warning: the shims could not be written: ${errorMessage(error)}\n  Run "haft shims" to try again\n`,
    );
}
