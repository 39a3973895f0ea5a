import { existsSync, renameSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import type { ChannelMetricsSnapshot } from "../channel/mod.ts";
import { fileStem, keyText } from "../process/process_key.ts";
import { resolveProgram } from "../process/command_line.ts";
import type { EmitBackendEvent } from "../protocol/backend_events.ts";
import type { BackendInfo } from "../protocol/methods/backend_methods.ts";
import type { Project, UserContext } from "../tools/project/project.ts";
import type { ProjectCache } from "../tools/project/project_cache.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import { Backend } from "./backend.ts";
import { type BackendConfig, parseBackend } from "./backend_schema.ts";
import type { RequestOptions } from "./link.ts";

export interface BackendServiceOptions {
  user: UserContext;
  projects: ProjectCache;
  emit: EmitBackendEvent;
}

export interface BackendTarget {
  backend: string;
  /** A directory of the project; the user's home directory when absent. */
  cwd?: string | undefined;
}

/** A backend's start moves a larger log aside, to `.1`. */
const LARGE_LOG_BYTES = 10 * 1024 * 1024;

/** The backends of all projects, by project and name. */
export class BackendService {
  readonly #options: BackendServiceOptions;
  readonly #backends = new Map<string, Backend>();
  /** By the directory that a caller named, and the backend's name. */
  readonly #places = new Map<string, Backend>();

  constructor(options: BackendServiceOptions) {
    this.#options = options;
  }

  /** Backends whose process runs or is about to; the daemon stays for them. */
  get running(): number {
    let running = 0;
    for (const { info } of this.#backends.values()) {
      if (info.state !== "stopped" && info.state !== "failed") running++;
    }
    return running;
  }

  /** @throws {HaftError} when it does not become ready, is not declared, or its manifest is not trusted */
  async start(target: BackendTarget): Promise<BackendInfo> {
    const backend = this.#find(target);
    await backend.start();
    return backend.info;
  }

  async stop(target: BackendTarget): Promise<BackendInfo> {
    const backend = this.#find(target);
    await backend.stop();
    return backend.info;
  }

  async call(
    target: BackendTarget,
    method: string,
    data: unknown,
    options: RequestOptions,
  ): Promise<unknown> {
    return await this.#find(target).call(method, data, options);
  }

  list(cwd: string | undefined): BackendInfo[] {
    if (cwd === undefined) return [...this.#backends.values()].map(({ info }) => info);
    const project = this.#options.projects.open(cwd);
    return Object.keys(project.files.backends).map((name) => this.#backend(name, project).info);
  }

  /** Figures of the channels that are open. */
  channels(): ChannelMetricsSnapshot[] {
    return [...this.#backends.values()].flatMap((backend) => backend.metrics ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#backends.values()].map((backend) => backend.stop()));
  }

  /** Finds a ready backend without reading its manifest; changes there count from its next start. */
  #find({ backend: name, cwd = this.#options.user.home }: BackendTarget): Backend {
    const place = keyText({ root: cwd, name });
    const known = this.#places.get(place);
    if (known?.info.state === "ready") return known;
    const backend = this.#backend(name, this.#options.projects.open(cwd));
    this.#places.set(place, backend);
    return backend;
  }

  #backend(name: string, project: Project): Backend {
    const config = configOf(name, project);
    const key = { root: project.root, name };
    const known = this.#backends.get(keyText(key));
    if (known !== undefined) return known;
    const { user, emit } = this.#options;
    const log = join(user.paths.state, "backends", `${fileStem(key)}.log`);
    const backend = new Backend({
      name,
      root: project.root,
      config,
      log,
      prepare: () => this.#prepare(name, project.root, log),
      emit: (event, data) => emit(event, data, name),
    });
    this.#backends.set(keyText(key), backend);
    return backend;
  }

  /** Reads everything again: manifest and trust may have changed since the last start. */
  #prepare(name: string, root: string, log: string) {
    const { projects, user } = this.#options;
    const project = projects.open(root);
    const config = configOf(name, project);
    project.requireTrust();
    const env = project.runEnvironment({ own: config.env });
    const cwd = resolve(root, config.cwd);
    if (existsSync(log) && statSync(log).size > LARGE_LOG_BYTES) renameSync(log, `${log}.1`);
    const program = resolveProgram(config.command, {
      cwd,
      path: env["PATH"],
      args: config.args,
      shell: config.shell ?? project.settings.shell,
      scripts: join(user.paths.state, "backends", "scripts"),
      name,
    });
    return { ...program, config, cwd, env };
  }
}

function configOf(name: string, project: Project): BackendConfig {
  const { backends } = project.files;
  const manifestPath = project.requireManifest({
    next: `Declare the backend under [backends.${name}], or name the project's directory ("cwd")`,
  });
  if (Object.hasOwn(backends, name)) return parseBackend(name, backends[name], manifestPath);
  const near = didYouMean(nearestNames(name, Object.keys(backends)));
  throw new UsageError(`"${manifestPath}" declares no backend "${name}"`, {
    next: near ?? `Declare it under [backends.${name}]`,
  });
}
