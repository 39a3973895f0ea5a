import { RequestError } from "../protocol/wire_error.ts";
import type { App } from "./app.ts";
import type { AppInstance } from "./app_instance.ts";
import type { AppRegistry } from "./app_registry.ts";
import { awaitDependency } from "./await_dependencies.ts";
import type { ProjectApps } from "./project_apps.ts";
import { settle } from "./settle.ts";
import { type AppState, isLive, isUp } from "./state/app_state.ts";

type Passes = (state: AppState, instance: AppInstance) => boolean;

/** Waiting for apps to come up: requests wait for what they start, and apps for what they depend on. */
export class StartWaits {
  readonly #apps: AppRegistry;
  readonly #readProject: (root: string) => ProjectApps;
  /** Apps that wait for others. */
  readonly #dependents = new Set<App>();
  readonly #leaving = new AbortController();
  readonly #stopping = new AbortController();

  constructor(apps: AppRegistry, readProject: (root: string) => ProjectApps) {
    this.#apps = apps;
    this.#readProject = readProject;
  }

  /** Aborted when the daemon stops, with its apps or without them: a reload goes no further then. */
  get ending(): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, this.#leaving.signal]);
  }

  /**
   * Waits until no instance is starting or stopping any more.
   *
   * @param passes when an instance is waited for no longer; when it is up or not live, by default
   * @throws {RequestError} when the daemon stops meanwhile
   */
  async settle(
    apps: readonly App[],
    signal: AbortSignal | undefined,
    passes: Passes = (state) => !isLive(state) || isUp(state),
  ): Promise<void> {
    const either = AbortSignal.any([this.#stopping.signal, ...(signal === undefined ? [] : [signal])]);
    await settle(apps, passes, {
      dependencies: (app) => this.#apps.neededBy(app),
      instead: (app, instance, over) => this.#untilLeft(app, instance, over),
      signal: either,
    });
    if (!this.#leaving.signal.aborted) return;
    const open = apps.filter((app) => !app.instances.every((one) => passes(one.state, one)));
    if (open.length > 0) throw stopped(`starts ${open.map(({ name }) => name).join(", ")} no further`);
  }

  /** Waits until what an app depends on is as its manifest says. */
  async dependencies(
    app: App,
    project: ProjectApps | undefined,
    { signal, onWait }: { signal: AbortSignal; onWait: (reason: string) => void },
  ): Promise<ProjectApps | undefined> {
    const { depends_on: dependsOn } = app.config(project ?? this.#readProject(app.key.root));
    const waits = Object.entries(dependsOn);
    if (waits.length === 0) return project;
    this.#dependents.add(app);
    try {
      onWait(`waits for ${waits.map(([name, condition]) => `${name} (${condition})`).join(", ")}`);
      await Promise.all(waits.map(async ([name, condition]) => {
        const other = this.#apps.get({ root: app.key.root, name });
        await awaitDependency(other, condition, signal);
      }));
      return undefined;
    } finally {
      this.#dependents.delete(app);
    }
  }

  /**
   * The daemon stops, and does not wait for apps that wait for others or for their health.
   *
   * @param options.keepApps what is being started comes up first, for the next daemon
   */
  leave({ keepApps }: { keepApps: boolean }): void {
    if (keepApps) this.#leaving.abort(stopped("reloads apps no further", "haft app reload"));
    else this.#stopping.abort(stopped("stops its apps, too"));
  }

  async #untilLeft(app: App, instance: AppInstance, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const left = this.#leaving.signal;
      if (left.aborted) resolve();
      else left.addEventListener("abort", () => resolve(), { once: true, signal });
    });
    const waits = () => this.#dependents.has(app);
    await instance.until((state) => isUp(state) || state === "backoff" || waits(), signal);
  }
}

function stopped(what: string, command = "haft app start"): RequestError {
  const next = `Run "${command}" again: it starts a daemon that goes on`;
  return new RequestError("shutting_down", `The daemon is stopping, and ${what}`, { data: { next } });
}
