import { existsSync } from "node:fs";
import { parseDotenv } from "../../base/dotenv.ts";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";
import { readTextFileAsync } from "../../base/read_text_file.ts";

/**
 * The variables of a `.env` file.
 *
 * @throws {HaftError} when it cannot be read
 */
export async function readEnvFile(path: string): Promise<Record<string, string>> {
  let text: string;
  try {
    text = await readTextFileAsync(path);
  } catch (error) {
    throw new HaftError(`Cannot read env_file "${path}": ${errorCode(error) ?? errorMessage(error)}`, {
      next: "Make the file, or take it out of env_file",
      cause: error,
    });
  }
  return parseDotenv(text);
}

/** The same, or nothing where there is no such file. */
export async function readEnvFileIfAny(path: string): Promise<Record<string, string>> {
  return existsSync(path) ? await readEnvFile(path) : {};
}
