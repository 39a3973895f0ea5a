import { lockEndpoint } from "../socket/endpoint_lock.ts";
import { listen, type Socket, type SocketHandler } from "../socket/mod.ts";
import type { PlacedListener } from "./endpoints.ts";
import { AlreadyRunning } from "./state_lock.ts";

export interface OwnAddress {
  socket: string;
  /**
   * Where to listen when the socket cannot be made: the end of a login removes `/run/user/UID`, which only
   * root can make again.
   */
  fallback?: string | undefined;
}

/**
 * Listens at the daemon's own socket, under the endpoint's lock.
 *
 * @throws {AlreadyRunning} when a daemon of another state directory has the endpoint
 */
export async function openEndpoint(
  { socket, fallback }: OwnAddress,
  accept: (socket: Socket) => SocketHandler,
): Promise<PlacedListener> {
  try {
    return await openAt(socket, accept);
  } catch (error) {
    if (fallback === undefined || fallback === socket || error instanceof AlreadyRunning) throw error;
    return await openAt(fallback, accept);
  }
}

async function openAt(path: string, accept: (socket: Socket) => SocketHandler): Promise<PlacedListener> {
  const lock = await lockEndpoint(path);
  if (lock === undefined) throw new AlreadyRunning({ socket: path });
  try {
    const listener = await listen(path, accept);
    return {
      path,
      isInPlace: () => listener.isInPlace(),
      close() {
        listener.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
