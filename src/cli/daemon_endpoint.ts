import { join } from "node:path";
import { envValue } from "../base/env.ts";
import { resolveEndpoint } from "../channel/resolve_endpoint.ts";
import { DAEMON_ENDPOINT } from "../socket/endpoint.ts";
import type { Context, Flag, ParsedArgs } from "./command.ts";

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

/** Where the user's daemon answers. */
export function daemonSocket(socket: string | undefined, { env }: Pick<Context, "env">): string {
  return socket ?? envValue(env, "HAFT_SOCKET") ?? resolveEndpoint(DAEMON_ENDPOINT, { env });
}

/** The daemon's own log. */
export function daemonLog({ paths }: Pick<Context, "paths">): string {
  return join(paths.state, "daemon.log");
}
