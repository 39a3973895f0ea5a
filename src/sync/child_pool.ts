import { type InstallConfig, installMayRunCode } from "../protocol/install.ts";
import type { Completed } from "./install_conversation.ts";
import type { InstallJobHooks, InstallProcess } from "./install_process.ts";

export interface ChildPoolOptions {
  /** A process that has not started yet, for this job. */
  create(config: InstallConfig): InstallProcess;
  /** So many processes start at once. */
  atOnce: number;
  /** Milliseconds after which a job that still waits gets a further process, where there is use for it. */
  patience?: number;
  /** Whether processors were idle since the last call, so that a further process helps. Default: always. */
  idle?: () => boolean;
}

/**
 * Installs tools in as few processes as keep the machine busy: a process costs as much processor time as a
 * small tool, and serves the next tool when it is done with one. Where downloads are slow and leave
 * processors idle, the jobs that wait get processes of their own one by one.
 */
export class ChildPool implements AsyncDisposable {
  readonly #options: Required<ChildPoolOptions>;
  readonly #idle: InstallProcess[] = [];
  readonly #ending = new Set<Promise<void>>();
  #live = 0;
  /** When a process was started last, or none because the processors had enough to do. */
  #lastLook = 0;
  #change = Promise.withResolvers<void>();

  constructor(options: ChildPoolOptions) {
    this.#options = { patience: 500, idle: () => true, ...options };
  }

  /**
   * @throws {HaftError} why it failed and what can be done
   * @throws the signal's reason when it is aborted
   */
  async install(config: InstallConfig, hooks: InstallJobHooks): Promise<Completed> {
    const child = await this.#take(config, hooks.signal);
    try {
      return await child.install(config, hooks, { stays: leavesNothing(config) });
    } finally {
      if (child.usable) this.#idle.push(child);
      else await this.#end(child);
      this.#wake();
    }
  }

  /** Ends the processes that wait for another job; those at work are their callers' to wait for. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#idle.splice(0)) void this.#end(child);
    await Promise.all(this.#ending);
  }

  async #take(config: InstallConfig, signal: AbortSignal): Promise<InstallProcess> {
    for (;;) {
      signal.throwIfAborted();
      const child = this.#idle.pop();
      if (child?.usable === true) return child;
      if (child !== undefined) void this.#end(child);
      const { atOnce, patience, idle, create } = this.#options;
      const rest = this.#live < atOnce ? 0 : this.#lastLook + patience - performance.now();
      if (rest <= 0) {
        this.#lastLook = performance.now();
        const use = idle();
        if (use || this.#live < atOnce) {
          this.#live++;
          return create(config);
        }
      }
      await this.#changed(rest <= 0 ? patience : rest, signal);
    }
  }

  async #end(child: InstallProcess): Promise<void> {
    const ended = child.end().finally(() => {
      this.#live--;
      this.#ending.delete(ended);
    });
    this.#ending.add(ended);
    await ended;
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** Resolves when a process has become free, or after so many milliseconds. */
  async #changed(ms: number, signal: AbortSignal): Promise<void> {
    // Not the promise that all jobs wait for: once it resolves, they would look again without a pause.
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms);
    const abort = () => over.resolve();
    signal.addEventListener("abort", abort, { once: true });
    await Promise.race([this.#change.promise, over.promise]);
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** Whether nothing that a job started goes on after it: code that runs may leave processes behind. */
function leavesNothing(config: InstallConfig): boolean {
  return !installMayRunCode(config) && config.share !== true;
}
