import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Env } from "../base/env.ts";
import { HaftError } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import { readLock } from "../tools/lockfile/read_lock_file.ts";
import { projectTool } from "../tools/project/installed_tools.ts";
import { loadProject, type Project } from "../tools/project/load_project.ts";
import { searchPath } from "../tools/project/search_path.ts";
import { environmentChanges } from "../tools/project/tool_environment.ts";
import { Store } from "../tools/store/store.ts";
import { gatedParts } from "../tools/trust/gated_parts.ts";
import { requireTrust, TrustStore } from "../tools/trust/trust_store.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { readEnvFile } from "./config/env_file.ts";
import { parseApps } from "./config/parse_apps.ts";
import { MARKER_VARIABLE } from "../process/process_table.ts";

/** The apps of a project as its manifest has them now. Reading them runs nothing. */
export interface ProjectApps {
  /** The directory of the manifest, or the one asked about where there is none. */
  root: string;
  apps: ReadonlyMap<string, AppConfig>;
  /** Each as it is written. */
  tables: Readonly<Record<string, unknown>>;
  /** Every file that decided it, there or not. */
  lookedFor: readonly string[];
  /** @throws {HaftError} when the manifest is not trusted */
  requireTrust(): void;
  /** Tools on PATH and the project's variables, on top of what is inherited. @throws {HaftError} when not trusted */
  environment(): Record<string, string>;
}

export interface ProjectContext {
  paths: Paths;
  home: string;
  /** What apps inherit. */
  env: Env;
}

/**
 * Reads the project of a directory.
 *
 * @throws {UsageError} when its manifest is wrong
 */
export function readProjectApps(directory: string, context: ProjectContext): ProjectApps {
  const project = loadProject(resolve(directory), context);
  const { root, apps: tables, manifestPath } = project;
  const trust = () => {
    const gated = gatedParts(project);
    const store = new TrustStore(context.paths.state, { trustedPaths: project.trustedPaths });
    if (gated !== undefined) requireTrust(store, gated);
  };
  return {
    root,
    apps: manifestPath === undefined ? new Map() : parseApps(tables, manifestPath),
    tables,
    lookedFor: project.lookedFor,
    requireTrust: trust,
    environment() {
      if (Object.keys(project.env).length > 0) trust();
      return projectEnvironment(project, context);
    },
  };
}

/**
 * {@link readProjectApps}, which reads again only when one of the files that it looked for is not as it was: a hundred apps that
 * start at once are one project read, not a hundred.
 */
export function projectReader(context: ProjectContext): (directory: string) => ProjectApps {
  const known = new Map<string, { signature: string; project: ProjectApps }>();
  return (directory) => {
    const path = resolve(directory);
    const before = known.get(path);
    if (before !== undefined && before.signature === signatureOf(before.project.lookedFor)) {
      return before.project;
    }
    known.delete(path);
    const project = readProjectApps(path, context);
    // Of before the reading it would be safer still, but which files are looked for is known only now.
    known.set(path, { signature: signatureOf(project.lookedFor), project });
    if (known.size > MOST_PROJECTS) known.delete(known.keys().next().value ?? "");
    return project;
  };
}

const MOST_PROJECTS = 100;

/** The time of change (ctime) cannot be set back by a program. */
function signatureOf(files: readonly string[]): string {
  return files.map((file) => {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "-" : `${stat.ino} ${stat.size} ${stat.ctimeNs}`;
  }).join();
}

function projectEnvironment(project: Project, { paths, env }: ProjectContext): Record<string, string> {
  const store = new Store(paths);
  const { lock } = readLock(project.lockPath);
  const platform = hostPlatform();
  const tools = project.requests.flatMap((request) =>
    projectTool(request, { lock, store, platform }).installed ?? []
  );
  const { set, unset, path } = environmentChanges(tools, project.env, env);
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...env, ...set })) {
    // An app that runs this daemon must not have its mark on all of the daemon's apps.
    if (value !== undefined && !unset.includes(name) && name !== MARKER_VARIABLE) result[name] = value;
  }
  result["PATH"] = searchPath(path, result["PATH"]);
  return result;
}

/**
 * The whole environment of one app.
 *
 * @throws {HaftError} when one of its env_file cannot be read
 */
export async function appEnvironment(
  { root, inherited, config }: {
    root: string;
    inherited: Readonly<Record<string, string>>;
    config: AppConfig;
  },
): Promise<Record<string, string>> {
  const result = { ...inherited };
  for (const file of config.env_file) Object.assign(result, await readEnvFile(resolve(root, file)));
  Object.assign(result, config.env);
  for (const [name, value] of Object.entries(result)) {
    if (value.includes("\0")) {
      throw new HaftError(`Variable "${name}" has a NUL`, { next: "Correct its env_file" });
    }
  }
  return result;
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
