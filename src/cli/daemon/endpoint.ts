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

/** `--host`, for every command that asks a daemon and nothing else. */
export const HOST_FLAG: Flag = {
  name: "host",
  value: "HOST[:DIR]",
  description: "Ask another host of the fleet, or those with a label: role=web, *",
};

export function socketFlag({ flags }: ParsedArgs): string | undefined {
  const path = flags.get("socket");
  return typeof path === "string" ? path : undefined;
}

/**
 * The user's daemon's socket: `--socket`, else `HAFT_SOCKET`, else that of the settings, else the usual one.
 */
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

/** Loads the reader of settings only where there is a file of settings. */
async function socketSetting(
  { env, paths: { config } }: Pick<Context, "env" | "paths">,
): Promise<string | undefined> {
  if (!existsSync(join(config, "config.toml"))) return undefined;
  const { readUserConfig } = await import("../../tools/project/user_config.ts");
  try {
    return readUserConfig(config).daemon.socket;
  } catch (error) {
    // A running daemon can be stopped even when the settings are wrong.
    if (existsSync(usualSocket({ env }))) return undefined;
    throw error;
  }
}

/** The daemon's own log. */
export function daemonLog({ paths }: Pick<Context, "paths">): string {
  return join(paths.state, "daemon.log");
}
