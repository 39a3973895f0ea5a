import { Buffer } from "node:buffer";
import process from "node:process";
import type { Env } from "../base/env.ts";
import { randomId } from "../base/random_id.ts";
import { LocalSocketServer } from "../channel/mod.ts";
import { resolveEndpoint } from "../channel/resolve_endpoint.ts";
import { LIMITS } from "../socket/limits.ts";

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
    // The child waits for its parent's first bytes; see ParentLink.
    framing: "length",
    maxFrameBytes: INSTALL_FRAME_BYTES,
    maxConnections: 2,
    maxUnreadyConnections: 2,
  });
}

const LONGEST_TOOL = 24;

/**
 * The name of one install's channel: `haft-install-{pid}-{tool}-{random}`. The tool is there for people who
 * look at the runtime directory; the random part is what makes the name unique, so the tool's is cut when the
 * path gets too long.
 * @param room bytes that the name may take
 */
export function installChannelName(tool: string, { pid, room }: { pid: number; room: number }): string {
  const random = randomId();
  const name = (label: string) =>
    ["haft-install", pid, label, random].filter((part) => part !== "").join("-");
  const label = tool.replace(/[^A-Za-z0-9._-]+|\.{2,}/g, "-").replace(/^-+|-+$/g, "").slice(0, LONGEST_TOOL);
  const excess = Math.max(0, Buffer.byteLength(name(label)) - room);
  return name(label.slice(0, Math.max(0, label.length - excess)).replace(/-+$/, ""));
}
