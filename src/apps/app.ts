import { sep } from "node:path";
import { fileStem, type ProcessKey } from "../process/process_key.ts";
import type { AppEventDetails, AppEventName } from "../protocol/app_events.ts";
import type { AppStatus } from "../protocol/methods/app_methods.ts";
import { AppInstance } from "./app_instance.ts";
import type { Env } from "../base/env.ts";
import { errorMessage } from "../base/errors.ts";
import { appStatus, type Measured } from "./app_status.ts";
import type { AppServices } from "./app_services.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { asTable, changedKeys } from "./config/changed_keys.ts";
import { parseApp, recordedConfig } from "./config/parse_apps.ts";
import type { LaunchPlan } from "./instance_host.ts";
import type { AppRecord } from "./journal/app_record.ts";
import { RecordWriter } from "./journal/record_writer.ts";
import { makeInstanceLogs } from "./make_instance_logs.ts";
import { planLaunch } from "./plan_launch.ts";
import { hashVariables, type ProjectApps } from "./project_apps.ts";
import { instancePort } from "./port_pool.ts";
import { InstanceGroup, type InstanceNumbers } from "./instance_group.ts";
import { type AppState, isDown, worstState } from "./state/app_state.ts";
import { unknownApp } from "./unknown_app.ts";
import { watchRunning } from "./watch_running.ts";

export interface StartOptions {
  /** The environment of the client that starts it. */
  env?: Env | undefined;
  /** The instances that are meant; all when left out. */
  only?: InstanceNumbers | undefined;
  /** As the request has just read it; trusted, if it has the app. */
  project?: ProjectApps | undefined;
}

/** An app of a manifest, or one that was started with its own configuration; and its instances. */
export class App {
  readonly key: ProcessKey;
  readonly #services: AppServices;
  readonly #stem: string;
  /** The table of an app that no manifest has; else undefined. */
  #adhoc: unknown;
  /** The environment of the client that started it; a daemon that took it over has its own instead. */
  #inherited: Env | undefined;
  #table: unknown;
  #env: Record<string, string> = {};
  #changed: string[] = [];
  #desired: "running" | "stopped" = "stopped";
  /** While a request starts its instances. */
  #asked: ProjectApps | undefined;
  readonly #group: InstanceGroup;
  readonly #writer: RecordWriter;

  constructor(key: ProcessKey, services: AppServices) {
    this.key = key;
    this.#services = services;
    this.#stem = fileStem(key);
    this.#writer = new RecordWriter({
      journal: services.journal,
      clock: services.clock,
      record: () => this.#record(),
      onError: (error) =>
        services.onProblem(`app "${this.name}": its state cannot be kept: ${errorMessage(error)}`),
    });
    this.#group = new InstanceGroup({
      name: key.name,
      clock: services.clock,
      make: (number) => this.#instance(number),
      release: (instance) => this.#release(instance),
    });
  }

  get name(): string {
    return this.key.name;
  }

  get desired(): "running" | "stopped" {
    return this.#desired;
  }

  get isAdhoc(): boolean {
    return this.#adhoc !== undefined;
  }

  get instances(): readonly AppInstance[] {
    return this.#group.all;
  }

  get state(): AppState {
    return worstState(this.instances.map(({ state }) => state));
  }

  get isLive(): boolean {
    return this.instances.some(({ state }) => !isDown(state));
  }

  /** Makes it one that no manifest has. */
  define(table: unknown): void {
    this.#adhoc = table;
  }

  /** What is configured now. @throws {HaftError} when the app is in its manifest no more, or that is wrong */
  config(project: ProjectApps): AppConfig {
    if (this.#adhoc !== undefined) return parseApp(this.name, this.#adhoc);
    const config = project.apps.get(this.name);
    if (config !== undefined) return config;
    throw unknownApp(this.name, [...project.apps.keys()]);
  }

  /**
   * Starts every instance that does not run. Their number is the configuration's of now, unless it was
   * scaled.
   *
   * @param only the instances that are meant; all when left out
   */
  start(config: AppConfig, { env, only, project }: StartOptions = {}): void {
    this.#prepare(config, env);
    const chosen = this.#group.chosen(only);
    this.#asked = project;
    for (const instance of chosen) instance.start();
    this.#asked = undefined;
  }

  restart(config: AppConfig, { env, only }: StartOptions = {}): void {
    this.#prepare(config, env);
    for (const instance of this.#group.chosen(only)) instance.restart();
  }

  /** Has so many instances from now on, until it is stopped. Those that run are left alone. */
  scale(config: AppConfig, count: number, env?: Env): void {
    this.#group.scale = count;
    this.start(config, env === undefined ? {} : { env });
  }

  /**
   * Restarts one instance after the other, while one more than usual is ready: there is no moment without
   * one.
   *
   * @throws {HaftError} when the new one does not come up; the others are as they were then
   */
  async reload(config: AppConfig, { env }: StartOptions = {}, signal?: AbortSignal): Promise<void> {
    this.#prepare(config, env);
    await this.#group.reload(config.instances, signal);
  }

  /** haft decides to restart what runs of it. */
  recycle(reason: string): void {
    for (const instance of this.instances) instance.recycle(reason);
  }

  /**
   * Resolves when nothing of it is left.
   *
   * @param options.forget it shall not run; false: only this daemon ends
   * @param options.only the instances that are meant: the others go on, and so the app is still wanted
   */
  async stop(
    { forget = true, only }: { forget?: boolean; only?: InstanceNumbers | undefined } = {},
  ): Promise<void> {
    const instances = this.#group.chosen(only);
    if (forget && instances.length === this.instances.length) {
      this.#group.scale = undefined;
      this.#want("stopped");
    }
    for (const instance of instances) instance.stop();
    await Promise.all(instances.map((one) => one.down()));
  }

  /** Takes over what an earlier daemon knew of it. */
  async adopt(record: AppRecord): Promise<void> {
    if (record.adhoc) this.#adhoc = record.table;
    this.#table = record.table ?? undefined;
    this.#env = record.env;
    this.#changed = record.changed;
    this.#desired = record.desired;
    this.#group.scale = record.scale;
    const config = recordedConfig(this.name, record.table);
    this.#group.adopt(record.instances.map(({ instance }) => instance));
    await Promise.all(
      record.instances.map((one, at) => this.instances[at]?.adopt(one, config, record.desired === "running")),
    );
  }

  /** Forgets it. @param logs its log files, too */
  async remove({ logs }: { logs: boolean }): Promise<void> {
    await this.stop();
    this.#writer[Symbol.dispose]();
    for (const instance of this.instances) {
      if (logs) await instance.logs.remove();
      await this.#release(instance);
    }
    this.#services.journal.remove(this.key);
    this.#emit(0, "app.status_change", { state: "removed", previous: this.state, reason: null });
  }

  /** What changed is in the journal when this returns. */
  flush(): void {
    this.#writer.flush();
  }

  /** Leaves its processes as they are. */
  async detach(): Promise<void> {
    this.#writer.now();
    this.#writer[Symbol.dispose]();
    for (const instance of this.instances) await instance.detach();
  }

  /** @param facts.nextRun of its schedule, in milliseconds since 1970 */
  status(
    project: ProjectApps | undefined,
    facts: { nextRun: number | undefined; measured: Measured },
  ): AppStatus {
    const written = this.#adhoc === undefined ? project?.tables[this.name] : this.#adhoc;
    const running = this.instances.find(({ config }) => config !== undefined)?.config;
    return appStatus(this, {
      config: running ?? (project === undefined ? undefined : this.#tryConfig(project)),
      changed: this.#changed,
      pending: this.#table === undefined || written === undefined
        ? []
        : changedKeys(asTable(this.#table), asTable(written)),
      ...facts,
    });
  }

  #tryConfig(project: ProjectApps): AppConfig | undefined {
    try {
      return this.config(project);
    } catch {
      return undefined;
    }
  }

  #want(desired: "running" | "stopped"): void {
    if (this.#desired === desired) return;
    this.#desired = desired;
    this.#writer.soon({ durable: true });
  }

  #prepare(config: AppConfig, env: Env | undefined): void {
    if (env !== undefined) this.#inherited = env;
    this.#want("running");
    this.#group.resize(config.instances);
  }

  async #release(instance: AppInstance): Promise<void> {
    this.#services.pump.delete(instance.logs);
    this.#services.ports.release(instance);
    await instance.detach();
  }

  #instance(number: number): AppInstance {
    const services = this.#services;
    const { table, clock, spawner, exits, ports, random } = services;
    const instance: AppInstance = new AppInstance(number, {
      table,
      clock,
      spawner,
      exits,
      ports,
      random,
      markerPrefix: `${this.#stem}/${number}`,
      owner: services.journal.directory,
      plan: (project) => this.#plan(instance, project),
      noteStart: (plan) => this.#noteStart(number, plan),
      dependencies: (...wait) => services.awaitDependencies(this.key, this.#asked, ...wait),
      logs: (onLine) =>
        makeInstanceLogs(services, {
          key: this.key,
          base: `${this.#stem}-${number}`,
          number,
          instance: () => instance,
          onLine,
          onSkip: (stream, bytes) => this.#emit(number, "app.log_skipped", { stream, bytes }),
        }),
      emit: (type, data) => this.#emit(number, type, data),
      changed: () => this.#writer.soon(),
      commit: () => this.#writer.now(),
      watch: (config) => this.#watch(instance, config),
      remove: () => void services.remove(this.key),
    });
    services.pump.add(instance.logs);
    return instance;
  }

  async #plan(instance: AppInstance, asked: ProjectApps | undefined): Promise<LaunchPlan> {
    const { readProject, scriptDirectory: scripts, journal, logDirectory, ports } = this.#services;
    const project = asked ?? readProject(this.key.root);
    if (!this.isAdhoc && asked === undefined) project.requireTrust();
    const written = this.#adhoc ?? project.tables[this.name];
    const config = this.config(project);
    const port = await instancePort(config.port, { ports, instance });
    return await planLaunch({
      name: this.name,
      number: instance.instance,
      project,
      written,
      config,
      port,
      scripts,
      journal: journal.directory,
      logDirectory,
      inherited: this.#inherited,
      dotenv: !this.isAdhoc,
    });
  }

  /** What differs from the start before. The first instance speaks for all. */
  #noteStart(number: number, { written, spec }: LaunchPlan): string[] {
    if (number > 0 && this.#table !== undefined) return this.#changed;
    const before = this.#table === undefined ? undefined : { ...asTable(this.#table), env: this.#env };
    const env = hashVariables(spec.env);
    const after = { ...asTable(written), env };
    this.#table = written;
    this.#env = env;
    this.#changed = before === undefined ? [] : changedKeys(before, after);
    return this.#changed;
  }

  #watch(instance: AppInstance, config: AppConfig): Disposable {
    const { limits, clock, onProblem, logDirectory, logFiles } = this.#services;
    return watchRunning(config, {
      root: this.key.root,
      clock,
      limits,
      process: () => instance.process,
      onExceeded: (report) => this.#emit(instance.instance, "app.resource_limit_exceeded", { ...report }),
      onRecycle: (reason) => instance.recycle(reason),
      onNotice: (text) => instance.notice(text),
      isLog: (path) => path.startsWith(`${logDirectory}${sep}`) || logFiles.has(path),
      onProblem: (text) => onProblem(`app "${this.name}": ${text}`),
    });
  }

  #emit<Name extends AppEventName>(instance: number, type: Name, data: AppEventDetails[Name]): void {
    this.#services.emit(type, { app: this.name, root: this.key.root, instance, ...data }, this.name);
  }

  #record(): AppRecord {
    return {
      version: 1,
      root: this.key.root,
      name: this.name,
      adhoc: this.isAdhoc,
      table: this.#table ?? this.#adhoc ?? null,
      desired: this.#desired,
      env: this.#env,
      changed: this.#changed,
      ...(this.#group.scale === undefined ? {} : { scale: this.#group.scale }),
      instances: this.instances.map((instance) => instance.record()),
    };
  }
}
