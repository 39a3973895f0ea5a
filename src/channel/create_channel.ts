import process from "node:process";
import { type Env, envValue } from "../base/env.ts";
import { UsageError } from "../base/errors.ts";
import type { IpcChannel } from "./ipc_channel.ts";

/** How a child talks to its parent. */
export type ChannelMode =
  /** Over the local socket that HAFT_IPC_CHANNEL names, by name or by path. */
  | { kind: "channel"; channel: string }
  /** Lines of JSON on stdin and stdout. */
  | { kind: "legacy" }
  /** The parent offers no channel. */
  | { kind: "none" };

/**
 * What the environment says: HAFT_IPC_MODE (`legacy` or `channel`) and HAFT_IPC_CHANNEL.
 *
 * @throws {UsageError} on another mode, or `channel` without a channel
 */
export function detectMode(env: Env = process.env): ChannelMode {
  const channel = envValue(env, "HAFT_IPC_CHANNEL");
  const mode = envValue(env, "HAFT_IPC_MODE") ?? (channel === undefined ? undefined : "channel");
  if (mode === undefined) return { kind: "none" };
  if (mode === "legacy") return { kind: "legacy" };
  if (mode !== "channel") {
    throw new UsageError(`HAFT_IPC_MODE is "${mode}"`, { next: 'It takes "channel" or "legacy"' });
  }
  if (channel === undefined) {
    throw new UsageError("HAFT_IPC_MODE is channel, and HAFT_IPC_CHANNEL does not say which", {
      next: "Let haft start the program, or name the channel",
    });
  }
  return { kind: "channel", channel };
}

/**
 * The child's end of a channel, of the kind that its environment asks for.
 *
 * @param name for error texts, in legacy mode
 * @throws {UsageError} when the parent offers none
 */
export async function createChannel(mode: ChannelMode = detectMode(), name = "parent"): Promise<IpcChannel> {
  switch (mode.kind) {
    case "channel": {
      const { LocalSocketChannel } = await import("./local_socket_channel.ts");
      const { channel } = mode;
      const isPath = /[\\/]/.test(channel);
      return await LocalSocketChannel.connect(isPath ? name : channel, {
        retry: true,
        timeoutMs: 10_000,
        ...(isPath ? { path: channel } : {}),
      });
    }
    case "legacy": {
      const { StdioChannel } = await import("./kinds/stdio_channel.ts");
      return new StdioChannel(name, { input: process.stdin, output: process.stdout });
    }
    case "none":
      throw new UsageError("This program was started without a channel", {
        next: "Let haft start it, or set HAFT_IPC_CHANNEL",
      });
  }
}
