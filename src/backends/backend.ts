/**
 * One backend's life: start, `ready`, heartbeat, calls, restart after a failure, orderly stop. Each start is
 * a run, and messages of an earlier run are ignored.
 */
import type { ChannelMetricsSnapshot } from "../channel/mod.ts";
import { errorMessage, HaftError } from "../base/errors.ts";
import { type Clock, pause, systemClock } from "../process/clock.ts";
import { hostProcessTable } from "../process/host_process_table.ts";
import { stopTree } from "../process/stop_tree.ts";
import { backoffDelay } from "../process/backoff.ts";
import type { EmitBackendEvent } from "../protocol/backend_events.ts";
import type { BackendInfo, BackendState } from "../protocol/methods/backend_methods.ts";
import { RequestError } from "../protocol/wire_error.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import type { BackendConfig } from "./backend_schema.ts";
import type { RequestOptions } from "./link.ts";
import { openRun, type Run } from "./backend_run.ts";

export interface BackendOptions {
  name: string;
  /** The project's directory. */
  root: string;
  /** Reads the configuration and the environment anew for each start. */
  prepare: () => {
    config: BackendConfig;
    file: string;
    args: string[];
    verbatim: boolean;
    cwd: string;
    env: Record<string, string>;
  };
  /** The configuration at creation, for questions before the first start. */
  config: BackendConfig;
  log: string;
  emit: EmitBackendEvent;
  clock?: Clock;
}

const HEARTBEAT_MS = 2_000;

export class Backend {
  readonly #options: BackendOptions;
  readonly #clock: Clock;
  #config: BackendConfig;
  #state: BackendState = "stopped";
  #run: Run | undefined;
  #starting: Promise<void> | undefined;
  #wanted = false;
  #attempt = 0;
  #restarts = 0;
  #error: string | undefined;
  #stopWaiting: AbortController | undefined;

  constructor(options: BackendOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#config = options.config;
  }

  get info(): BackendInfo {
    const { name, root, log } = this.#options;
    return {
      name,
      root,
      state: this.#state,
      mode: this.#config.mode,
      pid: this.#run?.pid ?? null,
      handlers: this.#state === "ready" ? this.#run?.handlers ?? null : null,
      restarts: this.#restarts,
      log,
      error: this.#error ?? null,
    };
  }

  /** Undefined while it has no channel. */
  get metrics(): ChannelMetricsSnapshot | undefined {
    const metrics = this.#run?.link.metrics();
    return metrics === undefined ? undefined : { ...metrics, name: this.#options.name };
  }

  /**
   * Resolves when it is ready. Further calls wait for the same start.
   *
   * @throws {HaftError} with the reason when it does not become ready
   */
  async start(): Promise<void> {
    this.#wanted = true;
    if (this.#state === "ready") return;
    // Start at once a backend that waits for its restart.
    this.#stopWaiting?.abort();
    this.#starting ??= this.#startOnce().finally(() => this.#starting = undefined);
    await this.#starting;
  }

  /** @throws {RequestError} `method_not_found`, or what the backend answers */
  async call(method: string, data: unknown, options: RequestOptions): Promise<unknown> {
    await this.start();
    const run = this.#run;
    if (run === undefined) throw this.#notReady();
    if (!run.handlers.includes(method)) {
      throw new RequestError(
        "method_not_found",
        `Backend "${this.#options.name}" has no method "${method}"`,
        {
          data: {
            methods: run.handlers,
            next: didYouMean(nearestNames(method, run.handlers)) ??
              (run.handlers.length === 0 ? "It has none" : `Its methods: ${run.handlers.join(", ")}`),
          },
        },
      );
    }
    return await run.link.request(method, data, options);
  }

  /** Resolves when no process of it is left. */
  async stop(): Promise<void> {
    this.#wanted = false;
    this.#stopWaiting?.abort();
    const run = this.#run;
    if (run === undefined) {
      if (this.#state !== "failed") this.#state = "stopped";
      return;
    }
    this.#state = "stopping";
    run.link.tellToStop();
    const grace = pause(this.#clock, this.#config.stop_timeout / 2);
    await Promise.race([run.exited, grace]);
    await this.#endTree(run);
    await run.exited;
    await run.ended;
  }

  async #startOnce(): Promise<void> {
    this.#state = "starting";
    this.#error = undefined;
    const { name, root, log, emit } = this.#options;
    try {
      const prepared = this.#options.prepare();
      this.#config = prepared.config;
      const run = await openRun({ ...prepared, name, log }, {
        onStarted: (pid) => emit("backend.started", { backend: name, root, pid }),
        onEvent: (event, data) => emit("backend.event", { backend: name, root, event, data: data ?? null }),
        ready: prepared.config.ready_timeout,
      });
      this.#run = run;
      run.ended = this.#watch(run);
      run.handlers = await run.link.ready;
      if (this.#state !== "starting") throw this.#notReady();
      this.#state = "ready";
      emit("backend.ready", { backend: name, root, pid: run.pid, handlers: run.handlers });
      void this.#heartbeat(run);
    } catch (error) {
      const run = this.#run;
      if (run !== undefined) {
        run.failure ??= errorMessage(error);
        await this.#endTree(run);
        await run.ended;
      } else {
        this.#state = "failed";
        this.#error = errorMessage(error);
      }
      if (error instanceof HaftError && run === undefined) throw error;
      throw this.#notReady();
    }
  }

  /**
   * Follows a run to its end, reports how it ended, and starts the next one where the configuration says so.
   */
  async #watch(run: Run): Promise<void> {
    const { name, root, emit } = this.#options;
    void run.link.closed.then(async (reason) => {
      // Most backends that close their channel exit at once.
      const gone = await Promise.race([run.exited, pause(this.#clock, 1_000)]);
      if (gone === undefined) await this.#fail(run, reason);
    });
    const { code, signal } = await run.exited;
    await this.#endTree(run);
    await run.link.close();
    const stopped = this.#state === "stopping" || !this.#wanted;
    const wasReady = run.handlers.length > 0 || this.#state === "ready";
    if (this.#run === run) this.#run = undefined;
    const failure = stopped ? undefined : run.failure ??
      (code === 0 && wasReady ? undefined : `it ended with ${signal ?? `code ${code}`}`);
    if (failure === undefined) {
      this.#state = "stopped";
      emit("backend.stopped", { backend: name, root, exit_code: code, signal });
    } else {
      this.#state = "failed";
      this.#error = failure;
      emit("backend.crashed", { backend: name, root, reason: failure });
    }
    if (!stopped) this.#restartLater(run, failure);
  }

  #restartLater(run: Run, failure: string | undefined): void {
    const { restart, backoff } = this.#config;
    if (restart === "no" || (restart === "on-failure" && failure === undefined)) return;
    // The caller of the start gets the error of a run that never became ready, and decides about the next.
    if (run.handlers.length === 0 && this.#restarts === 0) return;
    if (this.#clock.monotonic() - run.begun >= backoff.reset_after) this.#attempt = 0;
    this.#attempt++;
    if (backoff.max_attempts !== undefined && this.#attempt > backoff.max_attempts) return;
    const delay = backoffDelay(backoff, this.#attempt, Math.random());
    const { name, root, emit } = this.#options;
    this.#state = "restarting";
    emit("backend.restarting", { backend: name, root, attempt: this.#attempt, delay_ms: delay });
    const waiting = this.#stopWaiting = new AbortController();
    void pause(this.#clock, delay, waiting.signal).then(async () => {
      this.#stopWaiting = undefined;
      if (!this.#wanted || this.#state !== "restarting") return;
      this.#restarts++;
      // Its events report a failure.
      await this.start().catch(() => {});
    });
  }

  async #heartbeat(run: Run): Promise<void> {
    while (this.#run === run && this.#state === "ready") {
      await pause(this.#clock, HEARTBEAT_MS);
      if (this.#run !== run || this.#state !== "ready") return;
      const { heartbeat_timeout: limit } = this.#config;
      // Waiting for the process's end here would add one listener every two seconds; the loop sees the end
      // after the pause.
      const { promise, resolve } = Promise.withResolvers<boolean>();
      using _ = this.#clock.after(limit, () => resolve(false));
      run.link.ping().then(() => resolve(true), () => resolve(true));
      const alive = await promise;
      if (!alive) return await this.#fail(run, `it gave no sign of life for ${limit / 1000} s`);
    }
  }

  async #fail(run: Run, reason: string): Promise<void> {
    if (this.#run !== run || this.#state === "stopping") return;
    run.failure ??= reason;
    await this.#endTree(run);
  }

  async #endTree(run: Run): Promise<void> {
    const query = { leader: run.identity, markerPrefix: run.marker, watched: true };
    const { left } = await stopTree({ table: hostProcessTable(), clock: this.#clock }, query, {
      signal: "SIGTERM",
      timeoutMs: this.#config.stop_timeout / 2,
    });
    if (left.length > 0) this.#error = `Processes ${left.join(", ")} could not be ended`;
  }

  #notReady(): HaftError {
    return new HaftError(
      `Backend "${this.#options.name}" is not ready: ${this.#error ?? `it is ${this.#state}`}`,
      { next: `Look into its log, "${this.#options.log}"` },
    );
  }
}
