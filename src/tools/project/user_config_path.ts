import { join } from "node:path";

/** The user's settings file in their configuration directory. */
export function userConfigPath(directory: string): string {
  return join(directory, "config.toml");
}
