import { resolve } from "node:path";
import { callerEnvironment, essentialEnvironment } from "../base/caller_environment.ts";
import type { Env } from "../base/env.ts";
import type { Context, Flag, ParsedArgs } from "./command.ts";
import { textFlag } from "./flag_values.ts";

/** What of the caller's environment work gets that haft starts. */
export interface EnvironmentOptions {
  envFiles: readonly string[];
  inherit: boolean;
}

export const ENVIRONMENT_FLAGS: readonly Flag[] = [
  { name: "env-file", value: "FILE,…", description: "Add the variables of these files", completes: "files" },
  { name: "no-inherit", description: "Leave out your environment, save what every program needs" },
];

export function environmentOptions(args: ParsedArgs): EnvironmentOptions {
  return {
    envFiles: textFlag(args, "env-file")?.split(",") ?? [],
    inherit: !args.flags.has("no-inherit"),
  };
}

/** This process's environment for what the daemon starts; another host's daemon has its own. */
export function sentEnvironment({ env, remote }: Context): { env?: Record<string, string> } {
  return remote === undefined ? { env: callerEnvironment(env) } : {};
}

/** @throws {UsageError} when a file of variables cannot be read */
export async function callerEnv(
  { envFiles, inherit }: EnvironmentOptions,
  { env, cwd }: Pick<Context, "env" | "cwd">,
): Promise<Env> {
  const inherited = inherit ? env : essentialEnvironment(env);
  if (envFiles.length === 0) return inherited;
  const { readEnvFiles } = await import("./env_files.ts");
  return { ...inherited, ...readEnvFiles(envFiles.map((file) => resolve(cwd, file))) };
}
