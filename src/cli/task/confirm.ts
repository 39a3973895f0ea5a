import { HaftError } from "../../base/errors.ts";
import { readLine } from "../ask_trust.ts";
import type { Context } from "../command.ts";

/** Asks on the terminal. @throws {HaftError} where there is none */
export async function confirm(question: string, { stdin, stderr, signal }: Context): Promise<boolean> {
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new HaftError(`"${question}" needs an answer, and there is no terminal`, { next: "Give --yes" });
  }
  await stderr.write(`${question} [y/N] `);
  return /^y(es)?$/i.test((await readLine(signal)).trim());
}
