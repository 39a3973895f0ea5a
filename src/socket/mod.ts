import process from "node:process";
import type { Socket, SocketHandler } from "../runtime/mod.ts";
import type { EndpointListener } from "./endpoint_listener.ts";
import type { ConnectOptions, ListenOptions } from "./unix.ts";

export type { Listener, Socket, SocketHandler } from "../runtime/mod.ts";
export type { EndpointListener } from "./endpoint_listener.ts";
export type { ListenOptions } from "./unix.ts";

/**
 * Whether programs that know nothing of haft can connect to what {@link listen} makes: to a pipe they cannot,
 * see pipe.ts.
 */
export const SERVES_STRANGERS: boolean = process.platform !== "win32";

/** Listens at the endpoint's path; see unix.ts and pipe.ts for what each system promises. */
export async function listen(
  path: string,
  accept: (socket: Socket) => SocketHandler,
  options: ListenOptions = {},
): Promise<EndpointListener> {
  if (process.platform === "win32") return await (await import("./pipe.ts")).listenPipe(path, accept);
  return await (await import("./unix.ts")).listenUnix(path, accept, options);
}

/** Connects to the endpoint's path. */
export async function connect(
  path: string,
  attach: (socket: Socket) => SocketHandler,
  options: ConnectOptions = {},
): Promise<Socket> {
  if (process.platform === "win32") return await (await import("./pipe.ts")).connectPipe(path, attach);
  return await (await import("./unix.ts")).connectUnix(path, attach, options);
}
