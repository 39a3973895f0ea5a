import { readFileSync } from "node:fs";
import { parseDotenv } from "../base/dotenv.ts";
import { errorCode, errorMessage, UsageError } from "../base/errors.ts";

/**
 * The variables of `--env-file`, later files over earlier ones.
 *
 * @throws {UsageError} when one cannot be read
 */
export function readEnvFiles(paths: readonly string[]): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const path of paths) {
    try {
      Object.assign(variables, parseDotenv(readFileSync(path, "utf8")));
    } catch (error) {
      throw new UsageError(`Cannot read --env-file "${path}": ${errorCode(error) ?? errorMessage(error)}`);
    }
  }
  return variables;
}
