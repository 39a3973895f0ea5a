import { HaftError } from "../../base/errors.ts";
import { askYesNo, canAsk } from "../ask.ts";
import type { Context } from "../command.ts";

/** Asks on the terminal. @throws {HaftError} where there is none */
export async function confirm(question: string, context: Context): Promise<boolean> {
  if (!canAsk(context)) {
    throw new HaftError(`"${question}" needs an answer, and there is no terminal`, { next: "Give --yes" });
  }
  return await askYesNo(question, context);
}
