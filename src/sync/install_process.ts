import { existsSync } from "node:fs";
import { TimedOut } from "../channel/errors.ts";
import type { InstallConfig, InstallProgress } from "../protocol/install.ts";
import { type Child, exitWithin, startChild } from "./child_process.ts";
import { EndedError, explainFailure, type InstallChildLimits, NotConnectedError } from "./explain_failure.ts";
import { type Completed, type ConversationChannel, converse, NonsenseError } from "./install_conversation.ts";
import { ancestors } from "../tools/project/manifests.ts";

/** A channel as the parent of an install uses it. */
export interface InstallChannel extends ConversationChannel {
  close(): Promise<void>;
}

/** The listening end of one install's channel. */
export interface InstallServer {
  accept(options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<InstallChannel>;
  close(): Promise<void>;
}

export interface InstallProcessOptions {
  /** The argv that starts haft again, see `Runtime.selfCommand()`. */
  command: readonly string[];
  /** A name that is not in use; see `installChannelName()`. */
  channelName: string;
  listen(name: string): Promise<InstallServer>;
  env: Readonly<Record<string, string | undefined>>;
  limits?: Partial<InstallChildLimits>;
}

export interface InstallJobHooks {
  signal: AbortSignal;
  onStarted?(pid: number): void;
  onProgress?(progress: InstallProgress): void;
}

const LIMITS: InstallChildLimits = { connect: 20_000, silence: 60_000, farewell: 5_000, grace: 2_000 };

/** What there is once the child has connected. */
interface Opened {
  child: Child;
  channel: InstallChannel;
  /** Rejects on a second connection. */
  intruder: Promise<never>;
}

/**
 * A child process that installs one tool after another, over a channel that exists before the child does. It
 * starts with its first job. However it behaves, each job settles; after `end()` the child and all it started
 * are gone, and so is the socket.
 */
export class InstallProcess implements AsyncDisposable {
  readonly #options: InstallProcessOptions;
  readonly #limits: InstallChildLimits;
  readonly #over = new AbortController();
  readonly #channels: InstallChannel[] = [];
  #server: InstallServer | undefined;
  #child: Child | undefined;
  #opened: Opened | undefined;
  #usable = true;

  constructor(options: InstallProcessOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Whether it can take another job. */
  get usable(): boolean {
    return this.#usable;
  }

  /**
   * Installs one tool.
   *
   * @param stays whether another job may follow; without it the child ends after this one
   * @throws {HaftError} why it failed and what can be done
   * @throws the signal's reason when it is aborted
   */
  async install(
    config: InstallConfig,
    { signal, onStarted, onProgress }: InstallJobHooks,
    { stays }: { stays: boolean },
  ): Promise<Completed> {
    signal.throwIfAborted();
    const inner = AbortSignal.any([signal, this.#over.signal]);
    try {
      const { child, channel, intruder } = this.#opened ?? await this.#open(config, inner, onStarted);
      if (this.#opened !== undefined) onStarted?.(child.pid);
      this.#opened = { child, channel, intruder };
      const completed = await Promise.race([
        converse(channel, stays ? { ...config, stay: true } : config, {
          silenceMs: this.#limits.silence,
          signal: inner,
          onProgress: (progress) => onProgress?.(progress),
        }),
        intruder,
      ]);
      if (!stays) await this.#farewell(child);
      return completed;
    } catch (error) {
      this.#usable = false;
      signal.throwIfAborted();
      throw await explainFailure(error, { config, child: this.#child, limits: this.#limits });
    }
  }

  /** Ends the child, which installs nothing more. */
  async end(): Promise<void> {
    this.#usable = false;
    this.#over.abort();
    await this.#child?.stop(this.#limits.grace);
    await Promise.allSettled([this.#server?.close(), ...this.#channels.map((channel) => channel.close())]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #open(
    config: InstallConfig,
    signal: AbortSignal,
    onStarted: InstallJobHooks["onStarted"],
  ): Promise<Opened> {
    const { command, channelName, listen, env } = this.#options;
    const server = this.#server = await listen(channelName);
    const child = this.#child = await startChild(
      [...command, "install", `${config.tool_name}@${config.version}`, "--ipc-channel", channelName],
      // The user's own directory may not be there yet.
      { cwd: [...ancestors(config.project_dir)].find((path) => existsSync(path)) ?? config.project_dir, env },
    );
    void child.exited.then(() => this.#usable = false);
    onStarted?.(child.pid);
    const channel = await acceptFirst(server, child, { timeoutMs: this.#limits.connect, signal });
    this.#channels.push(channel);
    const intruder = this.#refuseSecond(server);
    intruder.catch(() => this.#usable = false);
    return { child, channel, intruder };
  }

  /** Rejects on a second connection; never resolves. */
  async #refuseSecond(server: InstallServer): Promise<never> {
    try {
      this.#channels.push(await server.accept({ signal: this.#over.signal }));
    } catch {
      // The server closed, or the process is over: the other side of the race decides.
      return await new Promise<never>(() => {});
    }
    throw new NonsenseError("there was a second connection to its channel");
  }

  /** Waits for the end of a child that has said `completed`. */
  async #farewell(child: Child): Promise<void> {
    this.#usable = false;
    const exit = await exitWithin(child, this.#limits.farewell);
    if (exit === undefined) throw new NonsenseError("it did not end after it had reported success");
    if (exit.code !== 0) throw new EndedError(exit);
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
