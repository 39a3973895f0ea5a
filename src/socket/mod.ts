import process from "node:process";
import type { Listener, Socket, SocketHandler } from "../runtime/mod.ts";

export type { Listener, Socket, SocketHandler } from "../runtime/mod.ts";

/** Whether programs that know nothing of haft can connect to what {@link listen} makes: to a pipe they cannot, see pipe.ts. */
export const SERVES_STRANGERS: boolean = process.platform !== "win32";

export interface ListenOptions {
  /** Stops waiting for the directory's lock. */
  signal?: AbortSignal;
  /** The path may lie straight in a directory that all users share, such as `/tmp`: for clients that look nowhere else. */
  mayBeShared?: boolean;
}

/** Listens at the endpoint's path; see unix.ts and pipe.ts for what each system promises. */
export async function listen(
  path: string,
  accept: (socket: Socket) => SocketHandler,
  options: ListenOptions = {},
): Promise<Listener> {
  if (process.platform === "win32") return await (await import("./pipe.ts")).listenPipe(path, accept);
  return await (await import("./unix.ts")).listenUnix(path, accept, options);
}

/** Connects to the endpoint's path. */
export async function connect(
  path: string,
  attach: (socket: Socket) => SocketHandler,
): Promise<Socket> {
  if (process.platform === "win32") return await (await import("./pipe.ts")).connectPipe(path, attach);
  return await (await import("./unix.ts")).connectUnix(path, attach);
}
