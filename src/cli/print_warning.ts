import type { Context } from "./command.ts";

/** Prints what is worth a warning while the command goes on. */
export function printWarning({ stderr }: Pick<Context, "stderr">): (text: string) => Promise<void> {
  return (text) => stderr.write(`Warning: ${text}\n`);
}
