/**
 * Process supervision: starts, watches and stops apps, keeps their state, and reports through `emit`:
 *
 *     const apps = new AppService({ stateDirectory, emit, projects, onProblem: log });
 *     await apps.begin();                    // adopts what an earlier daemon started
 *     await apps.start({ root, names: ["web"] });
 *     await apps.close({ keepApps: false }); // stops all, and keeps what was wanted
 */
import { join } from "node:path";
import { startOrder } from "../base/dependency_order.ts";
import { errorMessage, UsageError } from "../base/errors.ts";
import type { ProcessKey } from "../process/process_key.ts";
import type { AppLogLine, AppOutcome, AppState, AppStatus } from "../protocol/methods/app_methods.ts";
import { App } from "./app.ts";
import type { AppInstance } from "./app_instance.ts";
import { AppChanges, type ScaleSelection } from "./app_changes.ts";
import { type ActionResult, failed, outcomeOf, withTrouble } from "./outcome.ts";
import { AppRegistry, instancesMeant, type Selection, type StartSelection } from "./app_registry.ts";
import { type AppServiceOptions, type AppServices, makeAppServices } from "./app_services.ts";
import { appStatuses } from "./app_statuses.ts";
import { type AppConfig, startsAtOnce } from "./config/app_schema.ts";
import { dependencyTable, parseApp } from "./config/parse_apps.ts";
import { findUnrecorded, newRecord } from "./find_unrecorded.ts";
import { type LogsQuery, readAppLogs } from "./logs/app_logs.ts";
import { isFleets, requirePlacement, withinTime } from "./placed_app.ts";
import type { ProjectApps } from "./project_apps.ts";
import { restoreApps, SavedApps } from "./saved_apps.ts";
import { Schedules } from "./schedules.ts";
import { StartWaits } from "./start_waits.ts";
import { stopInOrder } from "./stop_in_order.ts";

export class AppService {
  readonly #apps: AppRegistry;
  readonly #services: AppServices;
  readonly #changes: AppChanges;
  readonly #schedules: Schedules;
  readonly #saved: SavedApps;
  readonly #waits: StartWaits;
  /** Until then, an app that is not adopted yet looks as if it were stopped. */
  #adopted: Promise<unknown> = Promise.resolve();

  constructor(options: AppServiceOptions) {
    this.#services = makeAppServices(options, {
      awaitDependencies: async (key, project, signal, onWait) => {
        await this.#adopted;
        return await this.#waits.dependencies(this.#apps.get(key), project, { signal, onWait });
      },
      remove: (key) => this.#remove(this.#apps.get(key), { logs: false }),
    });
    const { readProject } = this.#services;
    this.#apps = new AppRegistry({ make: (key) => new App(key, this.#services), readProject });
    this.#changes = new AppChanges(this.#apps, readProject);
    this.#waits = new StartWaits(this.#apps, readProject);
    this.#saved = new SavedApps(join(options.stateDirectory, "apps", "saved.list"));
    this.#schedules = new Schedules(options.onProblem);
  }

  /** True while there is something to supervise: the daemon must not end for idleness. */
  get isBusy(): boolean {
    return this.#schedules.size > 0 || this.#apps.all.some((app) => app.isLive);
  }

  /**
   * Takes over what an earlier daemon left: adopts processes that still run, follows the restart policy of
   * those that ended meanwhile, and stops leftovers. To be called once, before all else.
   */
  async begin(): Promise<void> {
    const { journal, table, onProblem } = this.#services;
    const recorded = journal.readAll(onProblem);
    const unrecorded = findUnrecorded(table, { journal: journal.directory, known: recorded });
    const records = [
      ...recorded,
      ...unrecorded.map((found) => {
        const pids = found.instances.map(({ process }) => process?.pid).join(", ");
        onProblem(`app "${found.key.name}" runs without a record of it (process ${pids}): taken over`);
        return newRecord(found, this.#apps.projectOf(found.key.root)?.tables[found.key.name]);
      }),
    ];
    // All are known before the first is adopted, since they may depend on each other.
    const known = records.map((record) => ({ record, app: this.#apps.get(record) }));
    this.#adopted = Promise.all(known.map(async ({ record, app }) => {
      try {
        await app.adopt(record);
        if (record.desired === "running") await this.#schedule(app);
      } catch (error) {
        onProblem(`app "${record.name}" cannot be adopted: ${errorMessage(error)}`);
      }
    }));
    await this.#adopted;
  }

  /**
   * Starts apps and what they depend on, all at once; each waits for its own dependencies. Resolves when none
   * of them is starting any more. One that runs is left as it is.
   *
   * @param options.config the content of an `[apps.NAME]` for the one name, which no manifest need have
   * @throws {HaftError} when a name is unknown, or the manifest is not trusted
   */
  async start(selection: StartSelection & { config?: unknown }, signal?: AbortSignal): Promise<ActionResult> {
    if (selection.config !== undefined) this.#define(selection, selection.config);
    return await this.#startSelected(selection, signal);
  }

  /**
   * As {@link start}, of a project's apps that start by themselves when none is named; waits until they are
   * healthy, too.
   */
  async up(
    { profiles, ...selection }: StartSelection & { root: string; profiles?: readonly string[] },
    signal?: AbortSignal,
  ): Promise<ActionResult> {
    const result = await this.#startSelected(selection, signal, { autostart: true, profiles });
    const apps = result.outcomes.filter(({ error }) => error === null).map((key) => this.#apps.get(key));
    const checked = (state: AppState, { config }: AppInstance) =>
      config?.health === undefined || state !== "running" && state !== "starting";
    await this.#waits.settle(apps, signal, checked);
    const all = result.outcomes.map((key) => this.#apps.get(key));
    return await this.#result(
      all,
      result.outcomes.map((outcome) => withTrouble(outcome, this.#apps.get(outcome))),
    );
  }

  /**
   * Stops apps, dependents first. Resolves when nothing of them is left. They stay stopped until a person
   * starts them. @param selection.within_ms milliseconds after which what is left is killed
   */
  async stop(selection: Selection & { within_ms?: number | undefined }): Promise<ActionResult> {
    const apps = this.#apps.select(selection);
    const stopping = this.#stopAll(apps, { forget: true, names: selection.names });
    return await this.#result(apps, await withinTime(stopping, apps, selection.within_ms, this.#services));
  }

  /**
   * Stops each app and starts it with what its manifest says now. Resolves when none is stopping or starting
   * any more.
   */
  async restart(selection: StartSelection, signal?: AbortSignal): Promise<ActionResult> {
    const { apps, outcomes } = this.#changes.restart(selection);
    await this.#waits.settle(apps, signal);
    return await this.#result(apps, outcomes);
  }

  /** As {@link restart}, but a new instance is ready before one that runs ends. */
  async reload(selection: StartSelection, signal?: AbortSignal): Promise<ActionResult> {
    const either = AbortSignal.any([this.#waits.ending, ...(signal === undefined ? [] : [signal])]);
    const { apps, outcomes } = await this.#changes.reload(selection, either);
    return await this.#result(apps, outcomes);
  }

  /**
   * Gives apps so many instances, and starts those that are missing. It stays so until they are stopped.
   *
   * @throws {HaftError} when a name is unknown
   */
  async scale(selection: ScaleSelection, signal?: AbortSignal): Promise<ActionResult> {
    const { apps, outcomes } = this.#changes.scale(selection);
    await this.#waits.settle(apps, signal);
    return await this.#result(apps, outcomes.map((outcome) => withTrouble(outcome, this.#apps.get(outcome))));
  }

  /** Stops apps and forgets them. @param options.logs removes their logs, too */
  async delete(selection: Selection & { logs?: boolean }): Promise<{ outcomes: AppOutcome[] }> {
    const apps = this.#apps.select(selection);
    await this.#stopAll(apps, { forget: true });
    for (const app of apps) await this.#remove(app, { logs: selection.logs ?? false });
    return { outcomes: apps.map(({ key: { name, root } }) => ({ name, root, error: null })) };
  }

  /**
   * How apps are; the ports that they listen on where they are asked for. Reads manifests, and runs nothing.
   */
  status({ ports = false, ...selection }: Selection & { ports?: boolean }): { apps: AppStatus[] } {
    const apps = this.#statuses(this.#apps.select(selection, { configured: true }), { ports });
    return {
      apps: apps.map((app) => {
        const only = instancesMeant(app.name, selection.names);
        const instances = app.instances.filter(({ instance }) => only?.includes(instance) !== false);
        return { ...app, instances };
      }),
    };
  }

  list({ root }: { root?: string | undefined }): { apps: { name: string; root: string; state: AppState }[] } {
    const apps = this.#apps.select({ root }, { configured: true });
    return { apps: apps.map(({ key, state }) => ({ name: key.name, root: key.root, state })) };
  }

  /** The last lines of apps, oldest first where their times are known. */
  async logs(query: LogsQuery & Selection, signal?: AbortSignal): Promise<{ lines: AppLogLine[] }> {
    return { lines: await readAppLogs(() => this.#apps.select(query, { configured: true }), query, signal) };
  }

  /**
   * Keeps which apps are wanted, for {@link restore}.
   *
   * @throws {HaftError} when none is and the list that is there has some, unless forced
   */
  save({ force = false }: { force?: boolean } = {}): { path: string; apps: ProcessKey[] } {
    const apps = this.#apps.all.filter((app) => app.desired === "running" && !isFleets(app))
      .map(({ key }) => key);
    this.#saved.write(apps, { force });
    return { path: this.#saved.path, apps };
  }

  /** Starts what {@link save} kept. An app that cannot be started does not keep the others from it. */
  async restore(signal?: AbortSignal): Promise<ActionResult> {
    return await restoreApps(this.#saved.read(), (selection) => this.#startSelected(selection, signal));
  }

  /** The daemon begins to stop: see {@link StartWaits.leave}. */
  leave(options: { keepApps: boolean }): void {
    this.#waits.leave(options);
  }

  /**
   * Ends the supervision. What is wanted is kept, never changed.
   *
   * @param options.keepApps leaves the processes to the next daemon; else they are stopped, dependents first
   */
  async close({ keepApps }: { keepApps: boolean }): Promise<void> {
    const { exits, limits, pump } = this.#services;
    this.#schedules[Symbol.dispose]();
    const apps = this.#apps.all;
    if (!keepApps) await this.#stopAll(apps, { forget: false });
    for (const app of apps) await app.detach();
    exits[Symbol.dispose]();
    limits[Symbol.dispose]();
    await pump[Symbol.asyncDispose]();
  }

  async #startSelected(
    selection: StartSelection,
    signal: AbortSignal | undefined,
    { autostart = false, profiles = [] }: { autostart?: boolean; profiles?: readonly string[] | undefined } =
      {},
  ): Promise<ActionResult> {
    const started: App[] = [];
    const outcomes: AppOutcome[] = [];
    for (const [project, names] of this.#apps.toStart(selection, { autostart, profiles })) {
      const chosen = names.map((name) => this.#apps.get({ root: project.root, name }));
      if (chosen.some((app) => !app.isAdhoc)) project.requireTrust();
      const order = startOrder(names, dependencyTable(project.apps));
      for (const name of order) {
        const app = this.#apps.get({ root: project.root, name });
        started.push(app);
        outcomes.push(outcomeOf(app, () => {
          const config = app.config(project);
          // A scheduled app of `up` waits for its time.
          if (autostart && !startsAtOnce(config)) return;
          requirePlacement(app, config, selection);
          app.start(config, { env: selection.env, only: instancesMeant(name, selection.names), project });
        }));
        await this.#schedule(app, project);
      }
    }
    await this.#waits.settle(started, signal);
    return await this.#result(
      started,
      outcomes.map((outcome) => withTrouble(outcome, this.#apps.get(outcome))),
    );
  }

  #define({ root, names = [] }: Selection, table: unknown): void {
    const [name, extra] = names;
    if (root === undefined || name === undefined || extra !== undefined) {
      throw new UsageError("An app that no manifest has needs a root and one name");
    }
    parseApp(name, table);
    const project = this.#services.readProject(root);
    if (project.apps.has(name)) {
      throw new UsageError(`App "${name}" is in the haft.toml of "${project.root}"`, {
        next: "Choose another name",
      });
    }
    this.#apps.get({ root: project.root, name }).define(table);
  }

  /** @param options.names which instances are meant; all when left out */
  async #stopAll(
    apps: readonly App[],
    { forget, names }: { forget: boolean; names?: readonly string[] | undefined },
  ): Promise<AppOutcome[]> {
    const outcomes = new Map<App, AppOutcome>();
    await stopInOrder(apps, async (app) => {
      const only = instancesMeant(app.name, names);
      if (only === undefined) this.#schedules.delete(app);
      try {
        await app.stop({ forget, only });
      } catch (error) {
        outcomes.set(app, failed(app.key, error));
      }
    });
    return apps.map((app) => outcomes.get(app) ?? { ...app.key, error: null });
  }

  async #schedule(app: App, project?: ProjectApps): Promise<void> {
    let config: AppConfig;
    try {
      config = app.config(project ?? this.#services.readProject(app.key.root));
    } catch {
      return;
    }
    await this.#schedules.set(app, config, () => {
      const now = app.config(this.#services.readProject(app.key.root));
      if (!app.isLive) app.start(now);
      else if (now.schedule_action === "restart") app.recycle("its schedule");
    });
  }

  async #remove(app: App, { logs }: { logs: boolean }): Promise<void> {
    this.#apps.delete(app.key);
    this.#schedules.delete(app);
    await app.remove({ logs });
  }

  async #result(apps: readonly App[], outcomes?: AppOutcome[]): Promise<ActionResult> {
    for (const app of apps) app.flush();
    await this.#services.journal.synced();
    return {
      apps: this.#statuses(apps),
      outcomes: outcomes ?? apps.map(({ key: { name, root } }) => ({ name, root, error: null })),
    };
  }

  #statuses(apps: readonly App[], options?: { ports: boolean }): AppStatus[] {
    return appStatuses(
      apps,
      { registry: this.#apps, schedules: this.#schedules, ...this.#services },
      options,
    );
  }
}
