/**
 * One process of an app. Whatever happens becomes an event of its life (state/lifecycle.ts), and the effects
 * are performed here. Each start has a generation, by which what an earlier start left behind is recognised
 * and ignored.
 */
import { errorInOneLine } from "../base/errors.ts";
import { backoffDelay } from "../process/backoff.ts";
import type { Exit } from "../process/exit.ts";
import { findSame, type ProcessIdentity } from "../process/process_table.ts";
import type { TreeQuery } from "../process/process_tree.ts";
import { lifeRecord, recordedLife, resumption, wakeTree } from "./adopt_instance.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { type HealthWatch, watchChecks } from "./health/watch_health.ts";
import type { InstanceHost } from "./instance_host.ts";
import { InstanceProcess } from "./instance_process.ts";
import { type InstanceFacts, instanceStatus } from "./instance_status.ts";
import type { InstanceRecord } from "./journal/app_record.ts";
import type { SplitLine } from "./logs/line_splitter.ts";
import type { InstanceLogs } from "./logs/instance_logs.ts";
import type { LogStream } from "./logs/log_files.ts";
import { type AppState, isUp } from "./state/app_state.ts";
import { type Life, type LifeEffect, type LifeEvent, NO_POLICY, step, UNBORN } from "./state/lifecycle.ts";
import { StateWaiters } from "./state/state_waiters.ts";

export class AppInstance {
  readonly instance: number;
  readonly logs: InstanceLogs;
  readonly #host: InstanceHost;
  readonly #process: InstanceProcess;
  #life: Life = UNBORN;
  #generation = 0;
  #config: AppConfig | undefined;
  /** Since when it is up, and healthy where it has a health check. */
  #goodSince: number | undefined;
  #launching: Promise<void> = Promise.resolve();
  #abort = new AbortController();
  #pause: Disposable | undefined;
  #watches: Disposable[] = [];
  #checks: HealthWatch | undefined;
  #detached = false;
  /** Something to know about it while it runs, whatever its state. */
  #notice: string | undefined;
  readonly #waiters = new StateWaiters(() => this.state);

  constructor(instance: number, host: InstanceHost) {
    this.instance = instance;
    this.#host = host;
    this.#process = new InstanceProcess({
      host,
      onExit: (exit) => void this.#onExit(exit),
      onNote: (reason) => this.#dispatch({ type: "note", reason }),
    });
    this.logs = host.logs((stream, line) => this.#onLine(stream, line));
  }

  get state(): AppState {
    return this.#life.state;
  }

  get reason(): string | undefined {
    return this.#life.reason;
  }

  get exit(): Exit | undefined {
    return this.#process.exit;
  }

  get process(): ProcessIdentity | undefined {
    return this.#process.identity;
  }

  /** The configuration that its process was started with. */
  get config(): AppConfig | undefined {
    return this.#config;
  }

  /** What finds its processes. */
  get tree(): TreeQuery {
    return this.#process.tree;
  }

  start(): void {
    this.#dispatch({ type: "start" });
  }

  stop(): void {
    this.#dispatch({ type: "stop" });
  }

  /** A person asks for it: no backoff, and the counts begin anew. */
  restart(): void {
    this.#dispatch({ type: "restart" });
  }

  /** haft decides it: the restart policy, backoff and limits hold. */
  recycle(reason: string): void {
    this.#dispatch({ type: "recycle", reason });
  }

  notice(text: string): void {
    this.#notice = text;
  }

  /** Resolves when the state is one that passes, and is so still when the caller goes on. */
  until(passes: (state: AppState) => boolean, signal?: AbortSignal): Promise<void> {
    return this.#waiters.until(passes, signal);
  }

  /** Resolves when nothing of it is left, though it may be started again in the same moment. */
  down(): Promise<void> {
    return this.#waiters.down();
  }

  /** Goes on where another daemon ended. @param wanted that it runs */
  async adopt(record: InstanceRecord, config: AppConfig, wanted: boolean): Promise<void> {
    this.#config = config;
    this.logs.copier.resume(record.log_files);
    if (record.port !== null) this.#host.ports.keep(record.port, this);
    const identity = this.#process.adopt(record);
    this.#life = recordedLife(record, { runs: identity !== undefined });
    const isRotating = this.logs.recover();
    if (identity === undefined) return await this.#resume(record, wanted && config.hosts === undefined);
    if (isRotating) wakeTree(this.#host.table, this.#process.tree);
    this.logs.recovered();
    await this.#takeOver(identity, wanted);
  }

  /** It stays as it is, and this object does nothing any more. */
  async detach(): Promise<void> {
    this.#detached = true;
    this.#process.detach();
    this.#generation++;
    this.#abort.abort();
    this.#pause?.[Symbol.dispose]();
    this.#unwatch();
    await this.logs.close();
  }

  record(): InstanceRecord {
    return {
      instance: this.instance,
      ...lifeRecord(this.#life),
      ...this.#process.record,
      log_files: this.logs.copier.targets,
      port: this.#host.ports.of(this) ?? null,
    };
  }

  status(): InstanceFacts {
    const { instance, logs } = this;
    const port = this.#host.ports.of(this);
    return instanceStatus(this.#life, this.#process, { instance, logs, port, notice: this.#notice });
  }

  #dispatch(event: LifeEvent): void {
    if (this.#detached) return;
    const before = this.#life;
    const goodForMs = this.#goodSince === undefined ? 0 : this.#host.clock.monotonic() - this.#goodSince;
    const { life, effects, crash, then } = step(before, event, {
      policy: this.#config ?? NO_POLICY,
      goodForMs,
    });
    this.#life = life;
    if (crash !== undefined) this.#host.emit("app.process_crashed", { reason: crash });
    if (before.state !== life.state) {
      this.#goodSince = this.#goodFrom(life.state);
      this.#host.emit("app.status_change", {
        state: life.state,
        previous: before.state,
        reason: life.reason ?? null,
      });
    }
    this.#waiters.wake();
    for (const effect of effects) this.#perform(effect);
    this.#host.changed();
    if (then !== undefined) this.#dispatch(then);
  }

  #goodFrom(state: AppState): number | undefined {
    const isGood = this.#config?.health === undefined ? isUp(state) : state === "healthy";
    return isGood ? this.#goodSince ?? this.#host.clock.monotonic() : undefined;
  }

  #perform(effect: LifeEffect): void {
    switch (effect) {
      case "launch":
        return this.#launch({ waits: true });
      case "relaunch":
        return this.#launch({ waits: false });
      case "cancel_launch":
        return this.#abort.abort();
      case "watch":
        return this.#watch();
      case "unwatch":
        return this.#unwatch();
      case "stop_tree":
        return void this.#stopTree();
      case "pause":
        return this.#startPause();
      case "cancel_pause":
        return this.#pause?.[Symbol.dispose]();
      case "remove":
        return this.#host.remove();
    }
  }

  #launch({ waits }: { waits: boolean }): void {
    const generation = ++this.#generation;
    this.#abort = new AbortController();
    this.#launching = this.#tryLaunch(generation, waits).catch((error) => {
      if (generation !== this.#generation) return;
      this.#dispatch({ type: "spawn_failed", reason: errorInOneLine(error) });
    });
  }

  async #tryLaunch(generation: number, waits: boolean): Promise<void> {
    const [{ signal }, host] = [this.#abort, this.#host];
    const note = (reason: string) => this.#dispatch({ type: "note", reason });
    const project = waits ? await host.dependencies(signal, note) : undefined;
    if (signal.aborted) return;
    const plan = await host.plan(project);
    if (signal.aborted) return;
    const changed = host.noteStart(plan);
    this.#config = plan.config;
    this.logs.copier.begin(plan.logs);
    this.logs.prepare();
    const started = await this.#process.start(plan, this.logs.paths, signal);
    if (started === undefined) return;
    host.emit("app.process_started", { pid: started.pid, adopted: false, changed });
    if (generation === this.#generation) this.#dispatch({ type: "spawned" });
    else host.changed();
  }

  async #onExit(exit: Exit): Promise<void> {
    if (this.#life.state === "stopping") return;
    const generation = this.#generation;
    const leavesMore = this.#config?.post_stop !== undefined || await this.#process.hasOthers();
    if (generation !== this.#generation || this.#detached || this.state === "stopping") return;
    if (leavesMore) this.#dispatch({ type: "leader_exited", exit });
    else this.#gone();
  }

  /** Nothing is left of it. */
  #gone(): void {
    const exit = this.#process.clear();
    this.logs.finish();
    this.#dispatch({ type: "gone", exit });
  }

  async #stopTree(): Promise<void> {
    const generation = this.#generation;
    // A process that is being made must be there to be stopped.
    await this.#launching;
    await this.#process.stop(this.#config);
    if (generation === this.#generation && !this.#detached && this.state === "stopping") this.#gone();
  }

  #startPause(): void {
    const { clock, random } = this.#host;
    const { attempts: attempt, restartReason: reason = "" } = this.#life;
    const generation = this.#generation;
    const delay = backoffDelay((this.#config ?? NO_POLICY).backoff, attempt, random());
    this.#host.emit("app.process_restarting", { attempt, delay_ms: delay, reason });
    this.#pause = clock.after(delay, () => {
      if (generation === this.#generation) this.#dispatch({ type: "pause_over" });
    });
  }

  #watch(): void {
    const config = this.#config;
    if (config === undefined) return;
    this.#watches.push(this.#host.watch(config));
    if (config.health === undefined && config.liveness === undefined) return;
    const checks = watchChecks(config, {
      clock: this.#host.clock,
      table: this.#host.table,
      tree: () => this.#process.tree,
      hooks: () => this.#process.hooks,
      passed: this.state === "healthy",
      onPass: () => this.#dispatch({ type: "health_passed" }),
      onFail: (reason, failures, retries) =>
        this.#host.emit("app.health_check_failed", { reason, failures, retries }),
      onUnhealthy: (reason) => {
        if (this.state === "unhealthy") return;
        this.#dispatch({ type: "health_failed", reason });
        if (config.health?.action === "restart") this.recycle(`unhealthy: ${reason}`);
      },
      onDead: (reason, action) => {
        if (action === "restart") this.recycle(`not alive: ${reason}`);
        else this.#dispatch({ type: "note", reason: `not alive: ${reason}` });
      },
    });
    this.#checks = checks;
    this.#watches.push(checks);
  }

  #unwatch(): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
    this.#watches = [];
    this.#notice = undefined;
    this.#checks = undefined;
  }

  #onLine(stream: LogStream, { text, partial }: SplitLine): void {
    this.#host.emit("app.log_line", { stream, line: text, time: this.#host.clock.wall(), partial });
    this.#checks?.line(text);
  }

  async #takeOver(identity: ProcessIdentity, wanted: boolean): Promise<void> {
    const { clock, table, emit } = this.#host;
    if (this.#goodFrom(this.state) !== undefined) {
      this.#goodSince = clock.monotonic() - (this.#process.uptimeMs ?? 0);
    }
    try {
      this.#process.surroundedBy(await this.#host.plan(), this.logs.paths);
    } catch {
      // Only checks and hooks need the environment; the app runs, whatever the manifest says by now.
    }
    if (findSame(table, identity) === undefined) return;
    emit("app.process_started", { pid: identity.pid, adopted: true, changed: [] });
    emit("app.status_change", { state: this.state, previous: null, reason: "adopted" });
    this.#watch();
    this.#host.changed();
    if (!wanted) this.stop();
  }

  /** Its process has ended while no daemon looked. */
  async #resume(record: InstanceRecord, wanted: boolean): Promise<void> {
    await this.#process.stop(this.#config);
    this.logs.recovered();
    this.logs.finish();
    const next = resumption(record, { wanted, bootId: this.#host.table.bootId() });
    switch (next.type) {
      case "keep":
        return this.#host.changed();
      case "stay":
        this.#life = { ...this.#life, state: "stopped" };
        return this.#host.changed();
      case "start":
      case "resume":
        this.#life = { ...this.#life, state: "stopped" };
        return this.#dispatch(next);
      case "ended":
        this.#life = { ...this.#life, state: "running" };
        this.#process.lost(record, next.pid);
        return this.#gone();
    }
  }
}
