import { readFileSync } from "node:fs";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";

/**
 * The variables of a `.env` file, as dotenv reads it: nothing is expanded. Not by `parseEnv` of node:util, which the two
 * runtimes implement differently.
 *
 * @throws {HaftError} when it cannot be read
 */
export async function readEnvFile(path: string): Promise<Record<string, string>> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new HaftError(`Cannot read env_file "${path}": ${errorCode(error) ?? errorMessage(error)}`, {
      next: "Make the file, or take it out of env_file",
      cause: error,
    });
  }
  const { parse } = await import("dotenv");
  return parse(text);
}
