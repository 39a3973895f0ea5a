import { UsageError } from "../base/errors.ts";
import type { AppOutcome } from "../protocol/methods/app_methods.ts";
import type { App } from "./app.ts";
import { type AppRegistry, instancesMeant, type StartSelection } from "./app_registry.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { failed, outcomeOf } from "./outcome.ts";
import { requirePlacement } from "./placed_app.ts";
import type { ProjectApps } from "./project_apps.ts";

/** How many instances apps shall have, by name. */
export interface ScaleSelection extends Omit<StartSelection, "names"> {
  counts: Readonly<Record<string, number>>;
}

export interface Changed {
  apps: App[];
  outcomes: AppOutcome[];
}

/** What a person does with apps that run already: restarts, reloads and scales them. */
export class AppChanges {
  readonly #apps: AppRegistry;
  readonly #readProject: (root: string) => ProjectApps;

  constructor(apps: AppRegistry, readProject: (root: string) => ProjectApps) {
    this.#apps = apps;
    this.#readProject = readProject;
  }

  restart(selection: StartSelection): Changed {
    const apps = this.#selected(selection);
    const outcomes = apps.map((app) =>
      outcomeOf(app, () => {
        const only = instancesMeant(app.name, selection.names);
        app.restart(this.#trustedConfig(app), { env: selection.env, only });
      })
    );
    return { apps, outcomes };
  }

  /** @throws the signal's reason when it is aborted */
  async reload(selection: StartSelection, signal: AbortSignal | undefined): Promise<Changed> {
    const apps = this.#selected(selection);
    const outcomes = await Promise.all(apps.map(async (app) => {
      try {
        await app.reload(this.#trustedConfig(app), { env: selection.env }, signal);
        return { ...app.key, error: null };
      } catch (error) {
        // Not the app's: the client has left, or the daemon stops.
        if (signal?.aborted === true && error === signal.reason) throw error;
        return failed(app.key, error);
      }
    }));
    return { apps, outcomes };
  }

  /** What a person has stopped stays so, unless it is named. */
  #selected(selection: StartSelection): App[] {
    const isNamed = (selection.names ?? []).length > 0;
    return this.#apps.select(selection).filter(({ desired }) => isNamed || desired === "running");
  }

  /** @throws {HaftError} when a name is unknown */
  scale({ counts, ...selection }: ScaleSelection): Changed {
    const names = Object.keys(counts);
    const chosen = this.#apps.toStart({ ...selection, names });
    const apps = [...chosen].flatMap(([{ root }, its]) => its.map((name) => this.#apps.get({ root, name })));
    const outcomes = apps.map((app) =>
      outcomeOf(app, () => {
        const config = this.#trustedConfig(app);
        if (config.schedule !== undefined) throw new UsageError("An app with a schedule has one instance");
        app.scale(config, counts[app.name] ?? config.instances, selection.env);
      })
    );
    return { apps, outcomes };
  }

  /** What an app is now. @throws {HaftError} when its manifest is wrong, or not trusted */
  #trustedConfig(app: App): AppConfig {
    const project = this.#readProject(app.key.root);
    if (!app.isAdhoc) project.requireTrust();
    const config = app.config(project);
    // One that runs here was placed here, and stays.
    requirePlacement(app, config, { placed: app.desired === "running" && app.isLive });
    return config;
  }
}
