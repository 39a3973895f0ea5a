import { resolve } from "node:path";
import { HaftError } from "../base/errors.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { readEnvFile, readEnvFileIfAny } from "./config/env_file.ts";
import { expandPath, expandVariables } from "./config/expand_variables.ts";

export interface AppEnvironmentOptions {
  root: string;
  /** The caller's variables, and the project's over them. */
  inherited: Readonly<Record<string, string>>;
  /** What haft tells the app about itself; nothing takes it away. */
  own: Readonly<Record<string, string>>;
  config: Pick<AppConfig, "env" | "env_file">;
  /** Whether a `.env` beside the manifest is read where no `env_file` is named. */
  dotenv: boolean;
}

/**
 * The whole environment of one app. A `.env` that no one names fills in only what is not set; a file that
 * `env_file` names stands over what is inherited, and `env` over all.
 *
 * @throws {HaftError} when one of its files cannot be read
 */
export async function appEnvironment(
  { root, inherited, own, config, dotenv }: AppEnvironmentOptions,
): Promise<Record<string, string>> {
  const { env, env_file: files } = config;
  const usual = dotenv && files === undefined ? await readEnvFileIfAny(resolve(root, ".env")) : {};
  const result: Record<string, string> = { ...usual, ...inherited };
  const lookUp = (name: string) => own[name] ?? result[name];
  for (const file of files ?? []) {
    Object.assign(result, await readEnvFile(resolve(root, expandPath(file, lookUp))));
  }
  for (const [name, value] of Object.entries(env)) {
    result[name] = expandVariables(value, lookUp);
  }
  for (const [name, value] of Object.entries(result)) {
    if (value.includes("\0")) {
      throw new HaftError(`Variable "${name}" has a NUL`, { next: "Correct its env_file" });
    }
  }
  return { ...result, ...own };
}
