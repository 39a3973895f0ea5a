import process from "node:process";
import type { Context } from "../../command.ts";

/** Why there can be no board; undefined where there can. */
export function whyNoBoard({ stdin, stdout, stderr, env }: Context): string | undefined {
  if (!stdout.isTTY || !stdin.isTTY || !stderr.isTTY || !process.stdin.isTTY) return "This is no terminal";
  if (env["TERM"] === "dumb") return "TERM=dumb is a terminal that nothing can be drawn on";
  return undefined;
}
