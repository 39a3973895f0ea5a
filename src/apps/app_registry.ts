import { resolve } from "node:path";
import { startOrder } from "../base/dependency_order.ts";
import { keyText, type ProcessKey } from "../process/process_key.ts";
import type { App } from "./app.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { dependencyTable } from "./config/parse_apps.ts";
import type { ProjectApps } from "./project_apps.ts";
import { unknownApp } from "./unknown_app.ts";

/** Which apps are meant: of one project, or of all; the named, or all. `web:1` is one instance of `web`. */
export interface Selection {
  root?: string | undefined;
  names?: readonly string[] | undefined;
}

/** A selection that is started, with the environment of the client that starts it. */
export interface StartSelection extends Selection {
  /** The daemon's own where it is left out. Kept in memory alone. */
  env?: Readonly<Record<string, string>> | undefined;
  /** The fleet has placed it here; else apps with hosts do not start. */
  placed?: boolean | undefined;
}

export interface AppRegistryOptions {
  make: (key: ProcessKey) => App;
  /** @throws {UsageError} when the manifest is wrong */
  readProject: (root: string) => ProjectApps;
}

/** The apps that are known, and what a selection means among them. */
export class AppRegistry {
  readonly #options: AppRegistryOptions;
  readonly #apps = new Map<string, App>();

  constructor(options: AppRegistryOptions) {
    this.#options = options;
  }

  get all(): App[] {
    return [...this.#apps.values()];
  }

  /** Known from now on. */
  get({ root, name }: ProcessKey): App {
    const key = { root, name };
    const app = this.#apps.get(keyText(key)) ?? this.#options.make(key);
    this.#apps.set(keyText(key), app);
    return app;
  }

  find(key: ProcessKey): App | undefined {
    return this.#apps.get(keyText(key));
  }

  delete(key: ProcessKey): void {
    this.#apps.delete(keyText(key));
  }

  /** A wrong manifest must not hide what runs, or keep it from being stopped. */
  projectOf(root: string): ProjectApps | undefined {
    try {
      return this.#options.readProject(root);
    } catch {
      return undefined;
    }
  }

  /**
   * The known apps that are meant; with `configured` also those of the manifest that were never started, in
   * its order.
   *
   * @throws {HaftError} when a name is not known, or only a wrong manifest could name apps
   */
  select({ root, names = [] }: Selection, { configured = false } = {}): App[] {
    const project = root === undefined ? undefined : this.projectOf(root);
    const apps = this.#of(project?.root ?? (root === undefined ? undefined : resolve(root)));
    const lists = configured || names.length > 0;
    if (root !== undefined && project === undefined && apps.length === 0 && lists) {
      this.#options.readProject(root);
    }
    if (configured && project !== undefined) this.#addConfigured(apps, project);
    if (names.length === 0) return apps;
    const known = new Set([...apps.map(({ name }) => name), ...project?.apps.keys() ?? []]);
    const unknown = names.find((name) => !known.has(appOf(name, known)));
    if (unknown !== undefined) throw unknownApp(unknown, [...known]);
    const meant = new Set(names.map((name) => appOf(name, known)));
    return apps.filter(({ name }) => meant.has(name));
  }

  /**
   * The names to start, by project.
   *
   * Of those that the manifest has and that are not named, only the ones that start by themselves count.
   *
   * @param options.autostart whether apps that no manifest has are left out where none is named
   * @param options.profiles which of the manifest's: the ones of these profiles, and of none
   * @throws {HaftError} when a name is not known, or a manifest is wrong
   */
  toStart(
    { root, names = [] }: Selection,
    { autostart = false, profiles = [] }: { autostart?: boolean; profiles?: readonly string[] } = {},
  ): Map<ProjectApps, string[]> {
    const { readProject } = this.#options;
    if (root === undefined) {
      const byRoot = Map.groupBy(this.select({ names }), ({ key }) => key.root);
      return new Map([...byRoot].map(([one, its]) => [readProject(one), its.map(({ name }) => name)]));
    }
    const project = readProject(root);
    const adhoc = this.#of(project.root).filter(({ isAdhoc }) => isAdhoc).map(({ name }) => name);
    const known = [...project.apps.keys(), ...adhoc];
    const meant = names.map((name) => appOf(name, new Set(known)));
    const unknown = meant.find((name) => !known.includes(name));
    if (unknown !== undefined) throw unknownApp(unknown, known);
    if (names.length > 0) return new Map([[project, [...new Set(meant)]]]);
    const wanted = known.filter((name) => {
      const app = project.apps.get(name);
      if (app === undefined) return !autostart;
      return app.hosts === undefined && app.autostart !== false && inProfiles(app, profiles);
    });
    return new Map([[project, wanted]]);
  }

  /** The known apps that one depends on, directly or not. */
  neededBy({ key: { root, name } }: App): App[] {
    const apps = this.projectOf(root)?.apps;
    if (apps?.has(name) !== true) return [];
    return startOrder([name], dependencyTable(apps)).flatMap((other) =>
      other === name ? [] : this.find({ root, name: other }) ?? []
    );
  }

  #of(root: string | undefined): App[] {
    return this.all.filter(({ key }) => root === undefined || key.root === root);
  }

  /** In the manifest's order, whenever they were started; then those that it does not have. */
  #addConfigured(apps: App[], { root, apps: configured }: ProjectApps): void {
    const order = new Map([...configured.keys()].map((name, at) => [name, at]));
    const known = new Set(apps.map(({ name }) => name));
    for (const name of order.keys()) {
      if (!known.has(name)) apps.push(this.#options.make({ root, name }));
    }
    apps.sort((one, other) => (order.get(one.name) ?? Infinity) - (order.get(other.name) ?? Infinity) || 0);
  }
}

/** The app of `web:1`, unless an app has that very name. */
function appOf(name: string, known: ReadonlySet<string>): string {
  const [, app] = /^(.+):\d+$/.exec(name) ?? [];
  return app !== undefined && !known.has(name) && known.has(app) ? app : name;
}

/** The instances of an app that are meant by the names; undefined for all of them. */
export function instancesMeant(app: string, names: readonly string[] = []): number[] | undefined {
  if (names.length === 0 || names.includes(app)) return undefined;
  const numbers = names.filter((name) => name.startsWith(`${app}:`)).map((name) =>
    name.slice(app.length + 1)
  );
  const meant = numbers.filter((text) => /^\d+$/.test(text)).map(Number);
  return meant.length === 0 ? undefined : meant;
}

function inProfiles({ profiles }: AppConfig, chosen: readonly string[]): boolean {
  return profiles.length === 0 || profiles.some((profile) => chosen.includes(profile));
}
