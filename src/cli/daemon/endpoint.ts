import { existsSync } from "node:fs";
import { join } from "node:path";
import { envValue } from "../../base/env.ts";
import { resolveEndpoint } from "../../channel/resolve_endpoint.ts";
import { DAEMON_ENDPOINT } from "../../socket/endpoint.ts";
import type { Context, Flag, ParsedArgs } from "../command.ts";

/** `--socket`, for every command that talks to the daemon. */
export const SOCKET_FLAG: Flag = {
  name: "socket",
  value: "PATH",
  description: "The daemon's socket (default: $HAFT_SOCKET, else the user's usual one)",
};

export function socketFlag({ flags }: ParsedArgs): string | undefined {
  const path = flags.get("socket");
  return typeof path === "string" ? path : undefined;
}

/** Where the user's daemon answers: `--socket`, `HAFT_SOCKET`, `[daemon]` of the user's settings, or the usual place. */
export async function daemonSocket(
  socket: string | undefined,
  { env, paths }: Pick<Context, "env" | "paths">,
): Promise<string> {
  return socket ?? envValue(env, "HAFT_SOCKET") ?? await socketSetting({ env, paths }) ??
    usualSocket({ env });
}

export function usualSocket({ env }: Pick<Context, "env">): string {
  return resolveEndpoint(DAEMON_ENDPOINT, { env });
}

/** Most have no settings, and need not load what reads them. */
async function socketSetting(
  { env, paths: { config } }: Pick<Context, "env" | "paths">,
): Promise<string | undefined> {
  if (!existsSync(join(config, "config.toml"))) return undefined;
  const { readUserConfig } = await import("../../tools/project/user_config.ts");
  try {
    return readUserConfig(config).daemon.socket;
  } catch (error) {
    // Wrong settings must not keep anybody from stopping a daemon that runs.
    if (existsSync(usualSocket({ env }))) return undefined;
    throw error;
  }
}

/** The daemon's own log. */
export function daemonLog({ paths }: Pick<Context, "paths">): string {
  return join(paths.state, "daemon.log");
}
