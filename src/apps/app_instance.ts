/**
 * One process of an app, and its life by the table of src/apps/state/transitions.ts. Whatever happens becomes an event here;
 * each start has a generation, and what an earlier one left behind (a spawn, a pause, an exit) is recognised by it and
 * ignored.
 */
import { randomBytes } from "node:crypto";
import type { AppEventDetails, AppEventName } from "../protocol/app_events.ts";
import type { AppInstance as InstanceStatus } from "../protocol/methods/app_methods.ts";
import { errorMessage, HaftError } from "../base/errors.ts";
import { type Clock, pause } from "../process/clock.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { HealthMonitor } from "./health/health_monitor.ts";
import { probe } from "./health/probes.ts";
import type { InstanceRecord } from "./journal/app_record.ts";
import type { InstanceLogs, LogStream } from "./logs/instance_logs.ts";
import type { SplitLine } from "./logs/line_splitter.ts";
import type { ExitPoll } from "../process/exit_poll.ts";
import {
  findSame,
  type ProcessIdentity,
  type ProcessTable,
  signalProcess,
} from "../process/process_table.ts";
import { findTree, type TreeQuery, treeSize } from "../process/process_tree.ts";
import type { Spawner, SpawnSpec } from "../process/spawner.ts";
import { stopTree } from "../process/stop_tree.ts";
import { backoffDelay } from "../process/backoff.ts";
import { describeExit, type Exit, isCleanExit } from "../process/exit.ts";
import { exitVerdict } from "./state/exit_verdict.ts";
import {
  type AppEffect,
  type AppEvent,
  type AppState,
  isLive,
  isUp,
  transition,
} from "./state/transitions.ts";

/** What one start needs to know; made anew for each. */
export interface LaunchPlan {
  config: AppConfig;
  spec: Omit<SpawnSpec, "stdout" | "stderr">;
  /** What differs from the start before. */
  changed: string[];
}

/** What an instance needs of its surroundings. */
export interface InstanceHost {
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly spawner: Spawner;
  readonly exits: ExitPoll;
  /** 0 to 1. */
  random(): number;
  /** `<file stem>/<instance>`, the beginning of what marks its processes. */
  readonly markerPrefix: string;
  /** Configuration and environment as they are now. @param marker of this start @throws {HaftError} */
  plan(marker: string): Promise<LaunchPlan>;
  /** Waits for the apps that this one depends on. @throws {HaftError} when one of them cannot come up */
  dependencies(signal: AbortSignal, onWait: (reason: string) => void): Promise<void>;
  logs(listener: (stream: LogStream, line: SplitLine) => void): InstanceLogs;
  emit<Name extends AppEventName>(type: Name, data: AppEventDetails[Name]): void;
  /** Something of {@link AppInstance.record} changed: kept soon. */
  changed(): void;
  /** Keeps the record before it returns. */
  commit(): void;
  /** It runs: watch what else is to be watched. Disposed when it does not. */
  watch(config: AppConfig): Disposable;
  /** It used up its attempts, and is to be removed then. */
  remove(): void;
}

export class AppInstance {
  readonly instance: number;
  readonly logs: InstanceLogs;
  readonly #host: InstanceHost;
  #state: AppState = "stopped";
  #reason: string | undefined;
  #generation = 0;
  #config: AppConfig | undefined;
  #env: Readonly<Record<string, string>> = {};
  #cwd = "/";
  #nonce: string | undefined;
  #process: ProcessIdentity | undefined;
  /** Ends when the process has ended and that was noted. */
  #exited: Promise<void> = Promise.resolve();
  #startedAt: number | undefined;
  #begun = 0;
  #restarts = 0;
  #attempts = 0;
  #exit: Exit | undefined;
  #launching: Promise<void> = Promise.resolve();
  #abort = new AbortController();
  #retry: Disposable | undefined;
  #watches: Disposable[] = [];
  #monitor: HealthMonitor | undefined;
  /** A stop that was asked for, not one that follows the end of the first process. */
  #stopAsked = false;
  #restartWanted = false;
  #detached = false;
  readonly #waiters = new Set<() => void>();

  constructor(instance: number, host: InstanceHost) {
    this.instance = instance;
    this.#host = host;
    this.logs = host.logs((stream, line) => this.#onLine(stream, line));
  }

  get state(): AppState {
    return this.#state;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  get process(): ProcessIdentity | undefined {
    return this.#process;
  }

  /** The configuration that its process was started with. */
  get config(): AppConfig | undefined {
    return this.#config;
  }

  start(): void {
    this.#dispatch("start");
  }

  /** Stops it, for good or, when `restart` is called, until it is started again. */
  stop(): void {
    this.#dispatch("stop");
  }

  /** Stops and starts it. @param counts haft decided it, nobody asked */
  recycle(reason: string | undefined, { counts = false } = {}): void {
    if (counts && isUp(this.#state)) this.#restarts++;
    this.#dispatch("recycle", reason);
  }

  /** Resolves when the state is one that passes, and is so still when whoever waits goes on. */
  async until(passes: (state: AppState) => boolean, signal?: AbortSignal): Promise<void> {
    while (!passes(this.#state)) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#waiters.delete(done);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        this.#waiters.add(done);
        signal?.addEventListener("abort", done, { once: true });
      });
    }
  }

  /** Resolves when nothing of it is left, though it may be started again in the same moment. */
  down(): Promise<void> {
    const isDown = () => !isLive(this.#state) && this.#state !== "backoff";
    if (isDown()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!isDown()) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
    });
  }

  /** Goes on where another daemon ended. @param wanted that it runs */
  async adopt(record: InstanceRecord, config: AppConfig, wanted: boolean): Promise<void> {
    const { table, clock } = this.#host;
    this.#config = config;
    this.#restarts = record.restarts;
    this.#attempts = record.attempts;
    this.#exit = record.exit ?? undefined;
    this.#startedAt = record.started_at ?? undefined;
    this.#nonce = record.nonce ?? undefined;
    const process = this.#findOwn(record);
    const pending = this.logs.recover();
    if (process !== undefined) {
      if (pending) this.#wakeTree(process);
      this.logs.recovered();
      await this.#takeOver(process, record.state, wanted);
      return;
    }
    const { strays, left } = await stopTree({ table, clock }, this.#query(undefined), stopOptions(config));
    if (strays.length > 0 || left.length > 0) this.#host.emit("app.processes_left", { pids: strays });
    this.logs.recovered();
    this.logs.finish();
    if (!isLive(record.state) && record.state !== "backoff") {
      this.#state = record.state;
      this.#host.changed();
      return;
    }
    this.#resumeWithout(record, wanted);
  }

  /** It stays as it is, and this object does nothing any more. */
  async detach(): Promise<void> {
    this.#detached = true;
    this.#generation++;
    this.#abort.abort();
    this.#retry?.[Symbol.dispose]();
    this.#unwatch();
    await this.logs.close();
  }

  record(): InstanceRecord {
    return {
      instance: this.instance,
      state: this.#state,
      nonce: this.#nonce ?? null,
      process: this.#process ?? null,
      started_at: this.#startedAt ?? null,
      restarts: this.#restarts,
      attempts: this.#attempts,
      exit: this.#exit ?? null,
    };
  }

  status(): Omit<InstanceStatus, "cpu_percent" | "memory_bytes"> {
    const { clock } = this.#host;
    const runs = this.#process !== undefined;
    return {
      instance: this.instance,
      state: this.#state,
      reason: this.#reason ?? null,
      pid: this.#process?.pid ?? null,
      started_at: this.#startedAt ?? null,
      uptime_secs: runs ? Math.max(0, Math.floor((clock.monotonic() - this.#begun) / 1000)) : null,
      restarts: this.#restarts,
      exit_code: runs ? null : this.#exit?.code ?? null,
      exit_signal: runs ? null : this.#exit?.signal ?? null,
      stdout_log: this.logs.paths.stdout,
      stderr_log: this.logs.paths.stderr,
    };
  }

  #dispatch(event: AppEvent, reason?: string): void {
    const next = transition(this.#state, event);
    if (next === undefined || this.#detached) return;
    const previous = this.#state;
    this.#state = next.to;
    if (previous !== next.to) this.#reason = reason;
    for (const effect of next.effects) this.#perform(effect);
    this.#host.changed();
    if (previous !== next.to) {
      this.#host.emit("app.status_change", { state: next.to, previous, reason: reason ?? null });
    }
    for (const wake of [...this.#waiters]) wake();
  }

  #perform(effect: AppEffect): void {
    switch (effect) {
      case "launch":
        this.#attempts = 0;
        this.#restarts = this.#restartWanted ? this.#restarts : 0;
        return this.#launch({ waits: true });
      case "relaunch":
        return this.#launch({ waits: false });
      case "cancel_launch":
        return this.#abort.abort();
      case "watch":
        return this.#watch(false);
      case "unwatch":
        return this.#unwatch();
      case "stop_tree":
        return void this.#stopTree();
      case "schedule_retry":
        return this.#scheduleRetry();
      case "cancel_retry":
        return this.#retry?.[Symbol.dispose]();
      case "want_restart":
        this.#stopAsked = true;
        this.#restartWanted = true;
        return;
      case "forget_restart":
        this.#stopAsked = true;
        this.#restartWanted = false;
        return;
    }
  }

  #launch({ waits }: { waits: boolean }): void {
    const generation = ++this.#generation;
    this.#abort = new AbortController();
    this.#stopAsked = false;
    this.#restartWanted = false;
    this.#launching = this.#tryLaunch(generation, waits).catch((error) => {
      if (generation !== this.#generation || this.#detached || this.#state !== "starting") return;
      const next = error instanceof HaftError && error.next !== undefined ? `; ${error.next}` : "";
      const reason = `${errorMessage(error)}${next}`;
      this.#host.emit("app.process_crashed", { reason });
      this.#dispatch("spawn_failed", reason);
    });
  }

  async #tryLaunch(generation: number, waits: boolean): Promise<void> {
    const { signal } = this.#abort;
    if (waits) {
      await this.#host.dependencies(signal, (reason) => {
        this.#reason = reason;
        for (const wake of [...this.#waiters]) wake();
      });
    }
    if (signal.aborted) return;
    const nonce = randomBytes(6).toString("hex");
    const { config, spec, changed } = await this.#host.plan(`${this.#host.markerPrefix}/${nonce}`);
    if (signal.aborted) return;
    this.#config = config;
    this.logs.prepare();
    this.#nonce = nonce;
    this.#process = undefined;
    this.#exit = undefined;
    // The journal knows the mark before there is a process, so that a daemon that dies now leaves none that nobody knows.
    this.#host.commit();
    this.#env = spec.env;
    this.#cwd = spec.cwd;
    const { stdout, stderr } = this.logs.paths;
    const { identity, exited } = await this.#host.spawner.spawn({ ...spec, stdout, stderr });
    this.#process = identity;
    this.#begun = this.#host.clock.monotonic();
    this.#startedAt = this.#host.clock.wall();
    this.#exited = exited.then((exit) => this.#onExit(identity, exit));
    this.#host.emit("app.process_started", { pid: identity.pid, adopted: false, changed });
    if (generation === this.#generation) this.#dispatch("spawned");
    else this.#host.changed();
  }

  #onExit(identity: ProcessIdentity, exit: Exit): void {
    if (this.#process !== identity || this.#detached) return;
    this.#exit = exit;
    if (this.#host.clock.monotonic() - this.#begun >= (this.#config?.backoff.reset_after ?? Infinity)) {
      this.#attempts = 0;
    }
    this.#host.emit("app.process_exited", { pid: identity.pid, exit_code: exit.code, signal: exit.signal });
    if (this.#state === "stopping") return;
    if (treeSize(findTree(this.#host.table, this.#query(identity))) > 0) {
      return this.#dispatch("leader_exited", `${describeExit(exit)}; what it left is stopped`);
    }
    this.#ended();
  }

  /** Nothing is left of it. */
  #ended(): void {
    const exit = this.#exit ?? { code: null, signal: null };
    const asked = this.#stopAsked;
    const restart = this.#restartWanted;
    this.#process = undefined;
    this.logs.finish();
    if (asked) {
      this.#dispatch("ended");
    } else {
      const verdict = this.#config === undefined ? "failed" : exitVerdict(exit, this.#config, this.#attempts);
      if (!isCleanExit(exit)) this.#host.emit("app.process_crashed", { reason: describeExit(exit) });
      this.#dispatch(verdict, describeExit(exit));
      if (verdict === "gave_up" && this.#config?.backoff.exhausted === "remove") this.#host.remove();
    }
    if (restart) {
      this.#restartWanted = true;
      this.#dispatch("start");
    }
  }

  async #stopTree(): Promise<void> {
    const generation = this.#generation;
    // A process that is being made must be there to be stopped.
    await this.#launching;
    const process = this.#process;
    const { table, clock } = this.#host;
    const config = this.#config;
    if (process !== undefined || this.#nonce !== undefined) {
      for (;;) {
        try {
          const { strays, left } = await stopTree(
            { table, clock },
            this.#query(process),
            stopOptions(config),
          );
          if (strays.length > 0) this.#host.emit("app.processes_left", { pids: strays });
          if (left.length === 0 || this.#detached) break;
          this.#reason = `process ${left.join(", ")} does not end, not even by SIGKILL`;
        } catch (error) {
          if (this.#detached) return;
          this.#reason = `cannot be stopped: ${errorMessage(error)}`;
          await pause(clock, 1_000);
        }
      }
      // The notice of its end may come a moment after the end.
      this.#host.exits.look();
      if (process !== undefined) await Promise.race([this.#exited, pause(clock, 1_000)]);
    }
    if (generation !== this.#generation || this.#detached || this.#state !== "stopping") return;
    this.#ended();
  }

  #scheduleRetry(): void {
    const { clock, random } = this.#host;
    const { backoff } = this.#config ?? {};
    if (backoff === undefined) return;
    const generation = this.#generation;
    this.#attempts++;
    this.#restarts++;
    const delay = backoffDelay(backoff, this.#attempts, random());
    this.#host.emit("app.process_restarting", { attempt: this.#attempts, delay_ms: delay });
    this.#retry = clock.after(delay, () => {
      if (generation === this.#generation) this.#dispatch("retry_due");
    });
  }

  #watch(wasHealthy: boolean): void {
    const config = this.#config;
    if (config === undefined) return;
    this.#watches.push(this.#host.watch(config));
    const { health } = config;
    if (health === undefined) return;
    const monitor = new HealthMonitor(health, {
      clock: this.#host.clock,
      check: () => probe(health, { cwd: this.#cwd, env: this.#env, timeoutMs: health.timeout }),
      onPass: () => this.#dispatch("health_passed"),
      onFail: (reason, failures) =>
        this.#host.emit("app.health_check_failed", { reason, failures, retries: health.retries }),
      onUnhealthy: (reason) => {
        if (this.#state === "unhealthy" || !isUp(this.#state)) return;
        this.#dispatch("health_failed", reason);
        if (health.action === "restart") this.recycle(`unhealthy: ${reason}`, { counts: true });
      },
    }, { passed: wasHealthy });
    this.#monitor = monitor;
    this.#watches.push(monitor);
  }

  #unwatch(): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
    this.#watches = [];
    this.#monitor = undefined;
  }

  #onLine(stream: LogStream, { text, partial }: SplitLine): void {
    this.#host.emit("app.log_line", { stream, line: text, time: this.#host.clock.wall(), partial });
    this.#monitor?.line(text);
  }

  #query(leader: ProcessIdentity | undefined): TreeQuery {
    return { leader, markerPrefix: this.#host.markerPrefix, watched: leader !== undefined };
  }

  /** For the rotation of its logs. */
  treeQuery(): TreeQuery {
    return this.#query(this.#process);
  }

  /** The process of a record when it lives; one that was started in the moment in which the daemon died is known by its mark. */
  #findOwn({ process, nonce }: InstanceRecord): ProcessIdentity | undefined {
    const { table, markerPrefix } = this.#host;
    if (process !== null) return findSame(table, process) === undefined ? undefined : process;
    if (nonce === null) return undefined;
    const own = table.all().find(({ pid, session }) =>
      pid === session && table.marker(pid) === `${markerPrefix}/${nonce}`
    );
    return own === undefined ? undefined : { pid: own.pid, startTime: own.startTime, bootId: table.bootId() };
  }

  async #takeOver(process: ProcessIdentity, state: AppState, wanted: boolean): Promise<void> {
    const { clock, exits, table } = this.#host;
    this.#process = process;
    this.#startedAt ??= clock.wall();
    this.#begun = clock.monotonic() - Math.max(0, clock.wall() - this.#startedAt);
    this.#state = isUp(state) ? state : "running";
    this.#exited = exits.ended(process).then(() => this.#onExit(process, { code: null, signal: null }));
    try {
      const { spec } = await this.#host.plan("");
      [this.#env, this.#cwd] = [spec.env, spec.cwd];
    } catch {
      // Only its health check by a command needs these; it runs, whatever the manifest says by now.
    }
    if (findSame(table, process) === undefined) return;
    this.#host.emit("app.process_started", { pid: process.pid, adopted: true, changed: [] });
    this.#host.emit("app.status_change", { state: this.#state, previous: null, reason: "adopted" });
    this.#watch(state === "healthy");
    this.#host.changed();
    // Its stop had begun, or it was wanted no more.
    if (!wanted) this.#dispatch("stop");
  }

  /** It ended while nobody looked; or the system was started anew. */
  #resumeWithout({ process, state }: InstanceRecord, wanted: boolean): void {
    const rebooted = process !== null && process.bootId !== this.#host.table.bootId();
    if (!wanted || state === "stopping") {
      this.#state = "stopped";
      return this.#host.changed();
    }
    if (rebooted || state === "backoff" || process === null) {
      this.#state = "stopped";
      return this.#dispatch("start", rebooted ? "the system was started anew" : undefined);
    }
    this.#state = "running";
    this.#exit = { code: null, signal: null };
    this.#host.emit("app.process_exited", { pid: process.pid, exit_code: null, signal: null });
    this.#ended();
  }

  #wakeTree(leader: ProcessIdentity): void {
    const { table } = this.#host;
    const { group, strays } = findTree(table, this.#query(leader));
    for (const { pid, startTime, state } of [...group, ...strays]) {
      if (state === "T") signalProcess(table, { pid, startTime, bootId: table.bootId() }, "SIGCONT");
    }
  }
}

function stopOptions(config: AppConfig | undefined) {
  return { signal: config?.stop_signal ?? "SIGTERM", timeoutMs: config?.stop_timeout ?? 10_000 };
}
