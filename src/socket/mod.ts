import process from "node:process";
import type { Socket, SocketHandler } from "../runtime/mod.ts";
import type { EndpointListener } from "./endpoint_listener.ts";
import type { ConnectOptions, ListenOptions } from "./unix.ts";

export type { Listener, Socket, SocketHandler } from "../runtime/mod.ts";
export type { EndpointListener } from "./endpoint_listener.ts";
export type { ListenOptions } from "./unix.ts";

/**
 * Whether other users may connect to what {@link listenOpen} makes, and read what is sent there: Windows lets
 * them open a pipe, and write to it only if it is their own. A program that has written is the user's.
 */
export const STRANGERS_MAY_READ: boolean = process.platform === "win32";

/** Listens at the endpoint's path; see unix.ts and pipe.ts for what each system promises. */
export async function listen(
  path: string,
  accept: (socket: Socket) => SocketHandler,
  options: ListenOptions = {},
): Promise<EndpointListener> {
  if (process.platform === "win32") return await (await import("./pipe.ts")).listenPipe(path, accept);
  return await (await import("./unix.ts")).listenUnix(path, accept, options);
}

/**
 * Listens for programs that know nothing of haft: at a place that all users share, or at a pipe without a
 * token.
 */
export async function listenOpen(
  path: string,
  accept: (socket: Socket) => SocketHandler,
): Promise<EndpointListener> {
  if (process.platform === "win32") return await (await import("./pipe.ts")).listenOpenPipe(path, accept);
  return await (await import("./unix.ts")).listenUnix(path, accept, { mayBeShared: true });
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
