import { TimedOut } from "../channel/errors.ts";
import type { InstallConfig, InstallProgress } from "../protocol/install.ts";
import { type Child, exitWithin, startChild } from "./child_process.ts";
import { EndedError, explainFailure, type InstallChildLimits, NotConnectedError } from "./explain_failure.ts";
import { type Completed, type ConversationChannel, converse, NonsenseError } from "./install_conversation.ts";

/** A channel as the parent of an install uses it. */
export interface InstallChannel extends ConversationChannel {
  close(): Promise<void>;
}

/** The listening end of one install's channel. */
export interface InstallServer {
  accept(options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<InstallChannel>;
  close(): Promise<void>;
}

export interface InstallChildOptions {
  /** The argv that starts haft again, see `Runtime.selfCommand()`. */
  command: readonly string[];
  /** A name that is not in use; see `installChannelName()`. */
  channelName: string;
  listen(name: string): Promise<InstallServer>;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  onStarted?(pid: number): void;
  onProgress?(progress: InstallProgress): void;
  limits?: Partial<InstallChildLimits>;
}

const LIMITS: InstallChildLimits = { connect: 20_000, silence: 60_000, farewell: 5_000, grace: 2_000 };

/**
 * Installs one tool in a child process of its own, over a channel that exists before the child does. However
 * the child behaves, the promise settles, the child and all it started are gone by then, and so is the
 * socket.
 * @throws {HaftError} why it failed and what can be done
 * @throws the signal's reason when it is aborted
 */
export async function installChild(config: InstallConfig, options: InstallChildOptions): Promise<Completed> {
  const { signal, channelName } = options;
  const limits = { ...LIMITS, ...options.limits };
  signal.throwIfAborted();
  const server = await options.listen(channelName);
  const over = new AbortController();
  const inner = AbortSignal.any([signal, over.signal]);
  const channels: InstallChannel[] = [];
  let child: Child | undefined;
  try {
    child = await startChild(
      [...options.command, "install", `${config.tool_name}@${config.version}`, "--ipc-channel", channelName],
      { cwd: config.project_dir, env: options.env },
    );
    options.onStarted?.(child.pid);
    const channel = await acceptFirst(server, child, { timeoutMs: limits.connect, signal: inner });
    channels.push(channel);
    const completed = await Promise.race([
      converse(channel, config, {
        silenceMs: limits.silence,
        signal: inner,
        onProgress: (progress) => options.onProgress?.(progress),
      }),
      refuseSecond(server, channels, inner),
    ]);
    await farewell(child, limits.farewell);
    return completed;
  } catch (error) {
    signal.throwIfAborted();
    throw await explainFailure(error, { config, child, limits });
  } finally {
    over.abort();
    await child?.stop(limits.grace);
    await Promise.allSettled([server.close(), ...channels.map((channel) => channel.close())]);
  }
}

/** The child's one connection; a child that dies first ends the wait at once. */
async function acceptFirst(
  server: InstallServer,
  child: Child,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<InstallChannel> {
  const accepted = server.accept(options);
  accepted.catch(() => {});
  try {
    return await Promise.race([accepted, child.exited.then((exit) => Promise.reject(new EndedError(exit)))]);
  } catch (error) {
    if (error instanceof TimedOut) throw new NotConnectedError();
    throw error;
  }
}

/** Rejects on a second connection; never resolves. */
async function refuseSecond(
  server: InstallServer,
  channels: InstallChannel[],
  signal: AbortSignal,
): Promise<never> {
  try {
    channels.push(await server.accept({ signal }));
  } catch {
    // The server closed, or the install is over: the other side of the race decides.
    return await new Promise<never>(() => {});
  }
  throw new NonsenseError("there was a second connection to its channel");
}

/** Waits for the end of a child that has said `completed`. */
async function farewell(child: Child, timeoutMs: number): Promise<void> {
  const exit = await exitWithin(child, timeoutMs);
  if (exit === undefined) throw new NonsenseError("it did not end after it had reported success");
  if (exit.code !== 0) throw new EndedError(exit);
}
