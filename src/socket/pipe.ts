import { connect, createServer } from "node:net";
import { homedir } from "node:os";
import process from "node:process";
import { errorCode, HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { pipeTokens } from "../base/paths.ts";
import { nativePipes } from "../runtime/native_pipe.ts";
import type { Listener, Socket, SocketHandler } from "../runtime/types.ts";
import { authenticated } from "./authenticated.ts";
import { LIMITS } from "./limits.ts";
import type { EndpointListener } from "./endpoint_listener.ts";
import { NodeSocket } from "../runtime/node_socket.ts";
import { ownPipeToken, pipeFile, pipeToken, removePipeToken } from "./pipe_token.ts";

export interface PipeOptions {
  /** Where the tokens lie; the user's usual place by default. */
  tokens?: string;
  /** Milliseconds for the handshake. */
  timeoutMs?: number;
}

/**
 * Windows named pipes. Every user of the machine may open one and, under a free name, make one;
 * so both ends prove that they can read the user's own files before a frame is exchanged.
 *
 * (`node:net` takes the path of a unix socket just as well, which is how this file is tested elsewhere.)
 *
 * @throws {HaftError} another process has the pipe (`code` `EADDRINUSE`)
 */
export async function listenPipe(
  path: string,
  accept: (socket: Socket) => SocketHandler,
  { tokens = usualTokens(), timeoutMs }: PipeOptions = {},
): Promise<EndpointListener> {
  const file = pipeFile(tokens, path, "token");
  let token: Uint8Array | undefined;
  let unproved = 0;
  const admit = (socket: Socket): SocketHandler => {
    if (token === undefined || unproved >= LIMITS.unauthenticatedConnections) {
      // The handler has to be returned before the socket can be closed.
      queueMicrotask(() => socket.close());
      return { data() {}, drain() {}, close() {} };
    }
    const known = token;
    unproved++;
    const handshake = authenticated(socket, () => known, {
      side: "server",
      path,
      attach: accept,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    handshake.settled.catch(() => {}).finally(() => unproved--);
    return handshake;
  };
  const listener = await listenFirst(path, admit);
  try {
    token = ownPipeToken(file);
  } catch (error) {
    listener.close();
    throw error;
  }
  return {
    isInPlace: () => true,
    close() {
      // First, while the name is still ours: a successor's token is not ours to remove.
      removePipeToken(file);
      listener.close();
    },
  };
}

/**
 * A pipe whose clients prove nothing: those of other systems know no token. As every pipe that Windows makes
 * without further words, other users may open it to read, and only its user may write.
 *
 * @throws {HaftError} another process has the pipe (`code` `EADDRINUSE`)
 */
export async function listenOpenPipe(
  path: string,
  accept: (socket: Socket) => SocketHandler,
): Promise<EndpointListener> {
  const listener = await listenFirst(path, accept);
  return { isInPlace: () => true, close: () => listener.close() };
}

/**
 * @throws with `code` `ENOENT` or `ECONNREFUSED` when no process listens
 * @throws {NotAuthenticated} when the listener does not know the token
 */
export async function connectPipe(
  path: string,
  attach: (socket: Socket) => SocketHandler,
  { tokens = usualTokens(), timeoutMs }: PipeOptions = {},
): Promise<Socket> {
  const file = pipeFile(tokens, path, "token");
  let settled: Promise<void> | undefined;
  const socket = await connectAny(path, (socket) => {
    const handshake = authenticated(socket, () => pipeToken(file), {
      side: "client",
      path,
      attach,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    settled = handshake.settled;
    return handshake;
  });
  await settled;
  return socket;
}

/** The first instance of the pipe has to be ours: the system refuses when it is not. */
async function listenFirst(path: string, accept: (socket: Socket) => SocketHandler): Promise<Listener> {
  try {
    const native = await nativePipes();
    return native === undefined ? await listenNode(path, accept) : native.listenUnix(path, accept);
  } catch (error) {
    if (errorCode(error) !== "EADDRINUSE") throw error;
    throw Object.assign(
      new HaftError(`Pipe "${path}" is in use by another process`, {
        exitCode: ExitCode.transport,
        cause: error,
      }),
      { code: "EADDRINUSE" },
    );
  }
}

async function connectAny(path: string, attach: (socket: Socket) => SocketHandler): Promise<Socket> {
  const native = await nativePipes();
  return native === undefined ? await connectNode(path, attach) : await native.connectUnix(path, attach);
}

async function listenNode(path: string, accept: (socket: Socket) => SocketHandler): Promise<Listener> {
  const server = createServer((socket) => {
    new NodeSocket(socket, accept);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  // A failed accept (no handle is free) is not the server's end.
  server.on("error", () => {});
  return { close: () => void server.close() };
}

async function connectNode(path: string, attach: (socket: Socket) => SocketHandler): Promise<Socket> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve();
    });
  });
  return new NodeSocket(socket, attach);
}

function usualTokens(): string {
  return pipeTokens({ env: process.env, home: homedir() });
}
