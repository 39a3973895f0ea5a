import { Buffer } from "node:buffer";
import process from "node:process";
import type { Env } from "../base/env.ts";
import { type IpcChannel, LocalSocketChannel, LocalSocketServer } from "../channel/mod.ts";
import { resolveEndpoint } from "../channel/resolve_endpoint.ts";
import { LIMITS } from "../socket/limits.ts";
import { installChannelName } from "./install_channel_name.ts";

/** Larger than a daemon's frames: a job and its outcome may carry an installer's whole lock file. */
export const INSTALL_FRAME_BYTES = 8 * 1024 * 1024;

/** A name for the next child's channel, short enough for its path to be a socket's. */
export function nextChannelName(tool: string, { env }: { env: Env }): string {
  const limit = process.platform === "linux" ? LIMITS.socketPath.linux : LIMITS.socketPath.darwin;
  const overhead = Buffer.byteLength(resolveEndpoint("x", { env })) - 1;
  return installChannelName(tool, { pid: process.pid, room: limit - overhead });
}

/** The parent's end; it exists before the child does. */
export async function listenForChild(name: string, { env }: { env: Env }): Promise<LocalSocketServer> {
  // Two are enough: the child's, and the one too many that gives a misbehaving child away.
  return await LocalSocketServer.listen(name, {
    env,
    maxFrameBytes: INSTALL_FRAME_BYTES,
    maxConnections: 2,
    maxUnreadyConnections: 2,
  });
}

/** The child's end. */
export async function connectToParent(
  name: string,
  { env, signal }: { env: Env; signal: AbortSignal },
): Promise<IpcChannel> {
  return await LocalSocketChannel.connect(name, {
    env,
    signal,
    timeoutMs: 10_000,
    maxFrameBytes: INSTALL_FRAME_BYTES,
  });
}
