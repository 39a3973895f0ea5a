/**
 * Process supervision, for whoever wires it: apps are started, watched, restarted and stopped, their state is kept, and what
 * happens is told through `emit`. It knows no socket, no hub and no daemon.
 *
 *     const apps = new AppService({ stateDirectory, emit, projects, onProblem: log });
 *     await apps.begin();                    // adopts what an earlier daemon started
 *     await apps.start({ root, names: ["web"] });
 *     await apps.close({ keepApps: false }); // stops everything, and keeps what was wanted
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { errorMessage, HaftError, UsageError } from "../base/errors.ts";
import { writeAtomic } from "../base/write_atomic.ts";
import type { AppLogLine, AppOutcome, AppState, AppStatus } from "../protocol/methods/app_methods.ts";
import type { ProjectCache } from "../tools/project/project_cache.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import { App } from "./app.ts";
import { keyText, type ProcessKey } from "../process/process_key.ts";
import type { EmitAppEvent } from "../protocol/app_events.ts";
import type { AppServices } from "./app_services.ts";
import { awaitDependency } from "./await_dependencies.ts";
import { type Clock, systemClock } from "../process/clock.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { dependencyTable, parseApp } from "./config/parse_apps.ts";
import { Journal } from "./journal/journal.ts";
import { LOG_STREAMS } from "./logs/instance_logs.ts";
import { LogPump } from "./logs/log_pump.ts";
import { readLog } from "./logs/read_log.ts";
import { ExitPoll } from "../process/exit_poll.ts";
import { hostProcessTable } from "../process/host_process_table.ts";
import { LimitWatch } from "./limit_watch.ts";
import type { ProcessTable } from "../process/process_table.ts";
import { type Spawner, systemSpawner } from "../process/spawner.ts";
import { UsageSampler } from "../process/usage_sampler.ts";
import { type ProjectApps, projectReader } from "./project_apps.ts";
import { Schedules } from "./schedules.ts";
import { dependents, startOrder } from "../base/dependency_order.ts";
import { isLive, isUp } from "./state/app_state.ts";

export interface AppServiceOptions {
  /** haft's state directory: the journal is in `apps/`, logs are in `apps/logs/`. */
  stateDirectory: string;
  emit: EmitAppEvent;
  projects: ProjectCache;
  /** For the daemon's log. */
  onProblem: (text: string) => void;
  /** Seams for tests. */
  table?: ProcessTable;
  spawner?: Spawner;
  clock?: Clock;
  random?: () => number;
}

/** Which apps are meant: of one project, or of all; the named, or all. */
export interface Selection {
  root?: string | undefined;
  names?: readonly string[] | undefined;
}

export interface ActionResult {
  apps: AppStatus[];
  /** One for each app that was meant; `error` says why it is not as wanted. */
  outcomes: AppOutcome[];
}

export interface LogsQuery extends Selection {
  lines: number;
  since?: number | undefined;
  grep?: string | undefined;
  stream?: "stdout" | "stderr" | undefined;
}

const SavedList = v.object({
  version: v.literal(1),
  apps: v.array(v.object({ root: v.string(), name: v.string() })),
});

export class AppService {
  readonly #apps = new Map<string, App>();
  readonly #services: AppServices;
  readonly #schedules: Schedules;
  readonly #savedPath: string;
  /** Until then, an app that is not adopted yet looks as if it were stopped. */
  #adopted: Promise<unknown> = Promise.resolve();

  constructor(options: AppServiceOptions) {
    const { stateDirectory, emit, projects, onProblem } = options;
    const clock = options.clock ?? systemClock;
    const table = options.table ?? hostProcessTable();
    const directory = join(stateDirectory, "apps");
    const logDirectory = join(directory, "logs");
    const sampler = new UsageSampler({ table, clock });
    this.#savedPath = join(directory, "saved.list");
    this.#schedules = new Schedules(onProblem);
    this.#services = {
      table,
      clock,
      emit,
      onProblem,
      sampler,
      logDirectory,
      spawner: options.spawner ?? systemSpawner(table),
      random: options.random ?? Math.random,
      exits: new ExitPoll({ table, clock }),
      journal: new Journal(directory),
      pump: new LogPump(logDirectory, clock),
      limits: new LimitWatch({ sampler, clock }),
      readProject: projectReader(projects),
      awaitDependencies: (key, wait) => this.#awaitDependencies(this.#app(key), wait),
      remove: (key) => this.#remove(this.#app(key), { logs: false }),
    };
  }

  /** True while there is something to supervise: the daemon must not end for idleness. */
  get isBusy(): boolean {
    return this.#schedules.size > 0 || [...this.#apps.values()].some((app) => app.isLive);
  }

  /**
   * Takes over what an earlier daemon left: processes that still run are adopted; what should run, and ended while nobody
   * looked, follows its restart policy; leftovers of apps that ended are stopped. To be called once, before all else.
   */
  async begin(): Promise<void> {
    const { records, damaged } = this.#services.journal.readAll();
    for (const path of damaged) {
      this.#services.onProblem(`An app's state was unreadable and is now at "${path}"`);
    }
    // All are known before the first is adopted, since they may depend on each other.
    const known = records.map((record) => ({ record, app: this.#app(record) }));
    this.#adopted = Promise.all(known.map(async ({ record, app }) => {
      try {
        await app.adopt(record);
        if (record.desired === "running") await this.#schedule(app);
      } catch (error) {
        this.#services.onProblem(`app "${record.name}" cannot be adopted: ${errorMessage(error)}`);
      }
    }));
    await this.#adopted;
  }

  /**
   * Starts apps and what they depend on, all at once; each waits for its own dependencies. Resolves when none of them is
   * starting any more. One that runs is left as it is.
   *
   * @param options.config the content of an `[apps.NAME]` for the one name, which no manifest need have
   * @throws {HaftError} when a name is unknown, or the manifest is not trusted
   */
  async start(selection: Selection & { config?: unknown }, signal?: AbortSignal): Promise<ActionResult> {
    if (selection.config !== undefined) this.#define(selection, selection.config);
    return await this.#startSelected(selection, signal);
  }

  /** As {@link start}, of a project's apps that start by themselves when none is named; waits until they are healthy, too. */
  async up(selection: Selection & { root: string }, signal?: AbortSignal): Promise<ActionResult> {
    const result = await this.#startSelected(selection, signal, { autostart: true });
    const apps = result.outcomes.filter(({ error }) => error === null).map((key) => this.#app(key));
    await Promise.all(apps.flatMap((app) =>
      app.instances.map((instance) => {
        const { health } = instance.config ?? {};
        return instance.until(
          (state) => health === undefined || state !== "running" && state !== "starting",
          signal,
        );
      })
    ));
    return this.#result(apps, result.outcomes);
  }

  /** Stops apps, dependents first. Resolves when nothing of them is left. They are not started again until somebody asks. */
  async stop(selection: Selection): Promise<ActionResult> {
    const apps = this.#select(selection);
    await this.#stopAll(apps, true);
    return this.#result(apps);
  }

  async down(selection: Selection & { root: string }): Promise<ActionResult> {
    return await this.stop(selection);
  }

  /** Stops each app and starts it with what its manifest says now. Resolves when none is stopping or starting any more. */
  async restart(selection: Selection, signal?: AbortSignal): Promise<ActionResult> {
    const apps = this.#select(selection);
    const outcomes = apps.map((app) =>
      this.#try(app, () => {
        const project = this.#services.readProject(app.key.root);
        if (!app.isAdhoc) project.requireTrust();
        app.restart(app.config(project));
      })
    );
    await this.#settle(apps, signal);
    return this.#result(apps, outcomes);
  }

  /** Stops apps and forgets them. @param options.logs removes their logs, too */
  async delete(selection: Selection & { logs?: boolean }): Promise<{ outcomes: AppOutcome[] }> {
    const apps = this.#select(selection);
    await this.#stopAll(apps, true);
    for (const app of apps) await this.#remove(app, { logs: selection.logs ?? false });
    return { outcomes: apps.map(({ key: { name, root } }) => ({ name, root, error: null })) };
  }

  /** How apps are. Reads manifests, and runs nothing. */
  status(selection: Selection): { apps: AppStatus[] } {
    return this.#result(this.#select(selection, { includeUnknown: true }));
  }

  list({ root }: { root?: string | undefined }): { apps: { name: string; root: string; state: AppState }[] } {
    const apps = this.#select({ root }, { includeUnknown: true });
    return { apps: apps.map(({ key, state }) => ({ name: key.name, root: key.root, state })) };
  }

  /** The last lines of apps, oldest first where their times are known. */
  logs(query: LogsQuery): { lines: AppLogLine[] } {
    const grep = query.grep === undefined ? undefined : regularExpression(query.grep);
    const lines: AppLogLine[] = [];
    for (const { key, instances } of this.#select(query, { includeUnknown: true })) {
      for (const { instance, logs } of instances) {
        for (const stream of LOG_STREAMS) {
          if (query.stream !== undefined && query.stream !== stream) continue;
          const stored = readLog(logs.paths[stream], logs.rotations(stream), {
            lines: query.lines,
            since: query.since,
            grep,
          });
          lines.push(...stored.map((line) => ({ app: key.name, root: key.root, instance, stream, ...line })));
        }
      }
    }
    // Stable: what one stream has stays in its order.
    lines.sort((a, b) => (a.time ?? 0) - (b.time ?? 0));
    return { lines: query.lines === 0 ? [] : lines.slice(-query.lines) };
  }

  /**
   * Keeps which apps shall run, for {@link restore}.
   *
   * @throws {HaftError} when none shall and the list that is there has some: most likely that is not what is meant
   */
  save({ force = false }: { force?: boolean } = {}): { path: string; apps: ProcessKey[] } {
    const apps = [...this.#apps.values()].filter(({ desired }) => desired === "running").map(({ key }) =>
      key
    );
    const before = this.#saved();
    if (apps.length === 0 && before.length > 0 && !force) {
      throw new HaftError(`No app shall run, and the list that is kept has ${before.length}`, {
        next: "Save with force to empty it",
      });
    }
    writeAtomic(this.#savedPath, JSON.stringify({ version: 1, apps }), { mode: 0o600 });
    return { path: this.#savedPath, apps };
  }

  /** Starts what {@link save} kept. What cannot be started is told, and keeps nothing else from it. */
  async restore(signal?: AbortSignal): Promise<ActionResult> {
    const results = await Promise.all(
      [...Map.groupBy(this.#saved(), ({ root }) => root)].map(async ([root, keys]) => {
        const names = keys.map(({ name }) => name);
        try {
          return await this.#startSelected({ root, names }, signal);
        } catch (error) {
          return { apps: [], outcomes: names.map((name) => ({ name, root, error: errorMessage(error) })) };
        }
      }),
    );
    return {
      apps: results.flatMap(({ apps }) => apps),
      outcomes: results.flatMap(({ outcomes }) => outcomes),
    };
  }

  /**
   * Ends the supervision. What is wanted is kept, never changed.
   *
   * @param options.keepApps leaves the processes to the next daemon; else they are stopped, dependents first
   */
  async close({ keepApps }: { keepApps: boolean }): Promise<void> {
    const { exits, limits, pump } = this.#services;
    this.#schedules[Symbol.dispose]();
    const apps = [...this.#apps.values()];
    if (!keepApps) await this.#stopAll(apps, false);
    for (const app of apps) await app.detach();
    exits[Symbol.dispose]();
    limits[Symbol.dispose]();
    await pump[Symbol.asyncDispose]();
  }

  async #startSelected(
    selection: Selection,
    signal: AbortSignal | undefined,
    { autostart = false }: { autostart?: boolean } = {},
  ): Promise<ActionResult> {
    const started: App[] = [];
    const outcomes: AppOutcome[] = [];
    for (const [root, names] of this.#namesByRoot(selection, autostart)) {
      const project = this.#services.readProject(root);
      const chosen = names.map((name) => this.#app({ root: project.root, name }));
      if (chosen.some((app) => !app.isAdhoc)) project.requireTrust();
      const order = startOrder(names, dependencyTable(project.apps));
      for (const name of order) {
        const app = this.#app({ root: project.root, name });
        started.push(app);
        outcomes.push(this.#try(app, () => {
          const config = app.config(project);
          // A scheduled app of `up` waits for its time.
          if (!(autostart && config.schedule !== undefined)) app.start(config);
        }));
        await this.#schedule(app, project);
      }
    }
    await this.#settle(started, signal);
    return this.#result(started, outcomes.map((outcome) => this.#withCrash(outcome)));
  }

  /** An app that did not come up is told with its reason. */
  #withCrash(outcome: AppOutcome): AppOutcome {
    const failed = this.#app(outcome).instances.find(({ state }) =>
      state === "crashed" || state === "exhausted"
    );
    return outcome.error !== null || failed === undefined
      ? outcome
      : { ...outcome, error: failed.reason ?? `It is ${failed.state}` };
  }

  #namesByRoot({ root, names = [] }: Selection, autostart: boolean): Map<string, string[]> {
    if (root === undefined) {
      const apps = this.#select({ names });
      return new Map(
        [...Map.groupBy(apps, ({ key }) => key.root)].map(([one, its]) => [one, its.map(({ name }) => name)]),
      );
    }
    const project = this.#services.readProject(root);
    if (names.length > 0) {
      for (const name of names) {
        const known = this.#app({ root: project.root, name }, { create: false });
        if (known?.isAdhoc !== true) this.#requireKnown(project, name);
      }
      return new Map([[project.root, [...names]]]);
    }
    const configured = [...project.apps].filter(([, config]) => !autostart || config.autostart).map((
      [name],
    ) => name);
    const adhoc = autostart
      ? []
      : this.#known(project.root).filter(({ isAdhoc }) => isAdhoc).map(({ name }) => name);
    return new Map([[project.root, [...configured, ...adhoc]]]);
  }

  #requireKnown(project: ProjectApps, name: string): void {
    if (!project.apps.has(name)) new App({ root: project.root, name }, this.#services).config(project);
  }

  #define({ root, names = [] }: Selection, table: unknown): void {
    const [name, extra] = names;
    if (root === undefined || name === undefined || extra !== undefined) {
      throw new UsageError("An app with a configuration of its own needs a root and one name");
    }
    parseApp(name, table);
    const project = this.#services.readProject(root);
    if (project.apps.has(name)) {
      throw new UsageError(`App "${name}" is in the haft.toml of "${project.root}"`, {
        next: "Choose another name",
      });
    }
    this.#app({ root: project.root, name }).define(table);
  }

  async #stopAll(apps: readonly App[], forget: boolean): Promise<void> {
    const stopping = new Map<App, Promise<void>>();
    const stop = (app: App): Promise<void> => {
      const known = stopping.get(app);
      if (known !== undefined) return known;
      // Known before its dependents are looked at, so that a circle of configurations of different age ends.
      stopping.set(app, Promise.resolve());
      this.#schedules.delete(app);
      const before = this.#dependentsOf(app, apps).map(stop);
      const own = before.length === 0
        ? app.stop({ forget })
        : Promise.all(before).then(() => app.stop({ forget }));
      stopping.set(app, own);
      return own;
    };
    await Promise.all(apps.map(stop));
  }

  #dependentsOf(app: App, apps: readonly App[]): App[] {
    const same = apps.filter(({ key }) => key.root === app.key.root);
    const waits = new Map(
      same.map((one) => [one.name, Object.keys(one.instances[0]?.config?.depends_on ?? {})]),
    );
    const names = dependents(app.name, same.map(({ name }) => name), waits);
    return same.filter(({ name }) => names.includes(name));
  }

  async #settle(apps: readonly App[], signal: AbortSignal | undefined): Promise<void> {
    const settled = (state: AppState) => !isLive(state) || isUp(state);
    await Promise.all(apps.flatMap(({ instances }) => instances.map((one) => one.until(settled, signal))));
  }

  async #awaitDependencies(
    app: App,
    { signal, onWait }: { signal: AbortSignal; onWait: (reason: string) => void },
  ): Promise<void> {
    await this.#adopted;
    const project = this.#services.readProject(app.key.root);
    const { depends_on: dependsOn } = app.config(project);
    const waits = Object.entries(dependsOn);
    if (waits.length === 0) return;
    onWait(`waits for ${waits.map(([name, condition]) => `${name} (${condition})`).join(", ")}`);
    await Promise.all(waits.map(async ([name, condition]) => {
      const other = this.#app({ root: app.key.root, name });
      await awaitDependency(other, condition, signal);
    }));
  }

  async #schedule(app: App, project?: ProjectApps): Promise<void> {
    let config: AppConfig;
    try {
      config = app.config(project ?? this.#services.readProject(app.key.root));
    } catch {
      return;
    }
    await this.#schedules.set(app, config.schedule, () => {
      if (!app.isLive) app.start(app.config(this.#services.readProject(app.key.root)));
    });
  }

  async #remove(app: App, { logs }: { logs: boolean }): Promise<void> {
    this.#apps.delete(keyText(app.key));
    this.#schedules.delete(app);
    await app.remove({ logs });
  }

  #app(key: ProcessKey): App;
  #app(key: ProcessKey, options: { create: false }): App | undefined;
  #app({ root, name }: ProcessKey, { create = true }: { create?: boolean } = {}): App | undefined {
    const key = { root, name };
    const known = this.#apps.get(keyText(key));
    if (known !== undefined || !create) return known;
    const app = new App(key, this.#services);
    this.#apps.set(keyText(key), app);
    return app;
  }

  #known(root: string | undefined): App[] {
    return [...this.#apps.values()].filter(({ key }) => root === undefined || key.root === root);
  }

  /**
   * @param options.includeUnknown also apps of the manifest that were never started
   * @throws {HaftError} when a name is not known
   */
  #select({ root, names = [] }: Selection, { includeUnknown = false } = {}): App[] {
    const project = root === undefined ? undefined : this.#projectOf(root);
    const apps = this.#known(project?.root ?? (root === undefined ? undefined : resolve(root)));
    // A manifest that is wrong keeps nobody from the apps that run; where none do, it is what there is to say.
    if (root !== undefined && project === undefined && apps.length === 0) this.#services.readProject(root);
    if (includeUnknown && project !== undefined) {
      for (const name of project.apps.keys()) {
        if (!apps.some((app) => app.name === name)) {
          apps.push(new App({ root: project.root, name }, this.#services));
        }
      }
      // As the manifest has them, whoever started them and when; then those that it does not have.
      const order = new Map([...project.apps.keys()].map((name, at) => [name, at]));
      apps.sort((one, other) => (order.get(one.name) ?? Infinity) - (order.get(other.name) ?? Infinity) || 0);
    }
    if (names.length === 0) return apps;
    for (const name of names) {
      if (apps.some((app) => app.name === name) || project?.apps.has(name) === true) continue;
      const known = [...new Set([...apps.map((app) => app.name), ...project?.apps.keys() ?? []])];
      throw new HaftError(`App "${name}" not found`, {
        next: didYouMean(nearestNames(name, known)) ?? 'Run "haft app list" to see the apps',
      });
    }
    return apps.filter(({ name }) => names.includes(name));
  }

  /** A manifest that is wrong must not keep what runs from being seen and stopped. */
  #projectOf(root: string): ProjectApps | undefined {
    try {
      return this.#services.readProject(root);
    } catch {
      return undefined;
    }
  }

  #try(app: App, action: () => void): AppOutcome {
    const { name, root } = app.key;
    try {
      action();
      return { name, root, error: null };
    } catch (error) {
      return { name, root, error: errorMessage(error) };
    }
  }

  #result(apps: readonly App[], outcomes?: AppOutcome[]): ActionResult {
    const projects = new Map<string, ProjectApps | undefined>();
    for (const { key } of apps) {
      if (!projects.has(key.root)) projects.set(key.root, this.#projectOf(key.root));
    }
    return {
      apps: apps.map((app) => app.status(projects.get(app.key.root))),
      outcomes: outcomes ?? apps.map(({ key: { name, root } }) => ({ name, root, error: null })),
    };
  }

  #saved(): ProcessKey[] {
    try {
      return v.parse(SavedList, JSON.parse(readFileSync(this.#savedPath, "utf8"))).apps;
    } catch {
      return [];
    }
  }
}

function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`"${text}" is no regular expression: ${errorMessage(error)}`);
  }
}
