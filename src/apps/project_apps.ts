import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type { Env } from "../base/env.ts";
import { MARKER_VARIABLE } from "../process/process_table.ts";
import type { Project } from "../tools/project/project.ts";
import type { ProjectCache } from "../tools/project/project_cache.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { parseApps } from "./config/parse_apps.ts";

/** The apps of a project as its manifest has them now. Reading them runs nothing. */
export interface ProjectApps {
  /** The directory of the manifest, or the one asked about where there is none. */
  root: string;
  apps: ReadonlyMap<string, AppConfig>;
  /** Each as it is written. */
  tables: Readonly<Record<string, unknown>>;
  /** `[settings] shell`. */
  shell: readonly string[] | undefined;
  /** @throws {HaftError} when the project is not trusted */
  requireTrust(): void;
  /**
   * Tools on PATH and the project's variables, on top of what is inherited.
   *
   * @throws {HaftError} when not trusted
   */
  environment(inherited?: Env): Record<string, string>;
}

/**
 * Reads the apps of a directory's project; a project that is as it was is parsed once, however many apps
 * start at once.
 *
 * @throws {UsageError} when its manifest is wrong
 */
export function projectReader(projects: ProjectCache): (directory: string) => ProjectApps {
  const known = new WeakMap<Project, ProjectApps>();
  return (directory) => {
    const project = projects.open(resolve(directory));
    const apps = known.get(project) ?? projectApps(project);
    known.set(project, apps);
    return apps;
  };
}

function projectApps(project: Project): ProjectApps {
  const { manifestPath, apps: tables } = project.files;
  return {
    root: project.root,
    apps: manifestPath === undefined ? new Map() : parseApps(tables, manifestPath),
    tables,
    // Looked at each time: it counts only while the project is trusted.
    get shell() {
      return project.settings.shell;
    },
    requireTrust: () => project.requireTrust(),
    environment(inherited) {
      // An app that runs this daemon must not have its mark on all of the daemon's apps.
      const { [MARKER_VARIABLE]: _mark, ...env } = project.runEnvironment(
        inherited === undefined ? {} : { inherited },
      );
      return env;
    },
  };
}

/** A hash for each variable: enough to tell which changed. */
export function hashVariables(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      createHash("sha256").update(`${name}=${value}`).digest("base64").slice(0, 12),
    ]),
  );
}
