import process from "node:process";
import { HaftError } from "../../base/errors.ts";
import type { SyncEvent } from "../../protocol/sync_event.ts";
import type { InstallOne } from "../../sync/install_all.ts";
import type { Resolver } from "../../sync/resolve_all.ts";
import { runtime } from "../../runtime/mod.ts";
import { runSync } from "../../sync/run_sync.ts";
import { catalogueSource } from "../../tools/catalogue/catalogue.ts";
import { hostPlatform } from "../../tools/host_platform.ts";
import { loadProject, type Project } from "../../tools/project/load_project.ts";
import type { UserContext } from "../../tools/project/open_project.ts";
import { storeId } from "../../tools/request.ts";
import { Store } from "../../tools/store/store.ts";
import { requireProjectTrust } from "../../tools/trust/project_trust.ts";

export interface InstallServiceOptions {
  user: UserContext;
  /** haft's own version. */
  version: string;
}

export interface InstallWatch {
  emit(event: SyncEvent): void;
  signal: AbortSignal;
}

type Outcome = Extract<SyncEvent, { type: "tool.failed" }>;

const DEFAULT_JOBS = 8;
const DEFAULT_SILENCE_MS = 60_000;

/** Installs and removes tools as `haft sync`, `install` and `uninstall` do: each install in a child process. */
export class InstallService {
  readonly #user: UserContext;
  readonly #version: string;

  constructor({ user, version }: InstallServiceOptions) {
    this.#user = user;
    this.#version = version;
  }

  /** @throws {HaftError} with the reason when it could not be installed */
  async install(
    { tool, version, cwd = this.#user.home, force, offline }: {
      tool: string;
      version?: string | undefined;
      cwd?: string | undefined;
      force: boolean;
      offline: boolean;
    },
    { emit, signal }: InstallWatch,
  ) {
    const project = loadProject(cwd, this.#user);
    if (
      project.requests.some(({ name, installEnv }) => name === tool && Object.keys(installEnv).length > 0)
    ) {
      requireProjectTrust(this.#user, project);
    }
    const { installTargets } = await import("../../sync/install_targets.ts");
    let failure: Outcome | undefined;
    const { installed: [installed] } = await installTargets(
      { targets: [{ name: tool, version }], force, offline, jobs: 1 },
      {
        project,
        paths: this.#user.paths,
        resolve: await this.#resolver(project, offline),
        install: await this.#installer(project),
        signal,
        emit(event) {
          if (event.type === "tool.failed") failure = event;
          emit(event);
        },
      },
    );
    if (installed !== undefined) {
      await this.#updateShims();
      const { version, path, alreadyInstalled } = installed;
      return { version, path, already_installed: alreadyInstalled };
    }
    signal.throwIfAborted();
    const { error = `"${tool}" was not installed`, next = null } = failure ?? {};
    throw new HaftError(error, next === null ? {} : { next });
  }

  async sync(
    { cwd, locked, force, offline, jobs }: {
      cwd: string;
      locked: boolean;
      force: boolean;
      offline: boolean;
      jobs?: number | undefined;
    },
    { emit, signal }: InstallWatch,
  ) {
    const project = loadProject(cwd, this.#user);
    if (project.manifestPath === undefined && project.requests.length === 0) {
      throw new HaftError(`No haft.toml in "${cwd}" or above it`, { next: 'Run "haft init" to make one' });
    }
    if (project.requests.some(({ installEnv }) => Object.keys(installEnv).length > 0)) {
      requireProjectTrust(this.#user, project);
    }
    const failed: { tool: string; error: string; next: string | null }[] = [];
    const finished = await runSync({
      mode: "install",
      jobs: jobs ?? project.settings.jobs ?? DEFAULT_JOBS,
      force,
      locked,
      offline,
      failFast: false,
    }, {
      project,
      platform: hostPlatform(),
      store: new Store(this.#user.paths),
      paths: this.#user.paths,
      signal,
      emit(event) {
        if (event.type === "tool.failed") {
          failed.push({ tool: event.tool, error: event.error, next: event.next });
        }
        emit(event);
      },
      resolver: () => this.#resolver(project, offline),
      installer: () => this.#installer(project),
    });
    const { ok, installed, present, skipped, duration_ms } = finished;
    if (installed > 0) await this.#updateShims();
    return { ok, installed, present, skipped, failed, duration_ms };
  }

  /** @returns false when that version was not there */
  async uninstall(
    { tool, version }: { tool: string; version: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    const store = new Store(this.#user.paths);
    const ids = new Set([tool, storeId({ name: tool }, catalogueSource(tool))]);
    const receipts = store.list().filter((receipt) =>
      receipt.version === version && (ids.has(receipt.tool) || ids.has(receipt.store_id))
    );
    let removed = false;
    for (const receipt of receipts) {
      if (await store.remove(receipt.store_id, receipt.version, { signal })) removed = true;
    }
    if (removed) await this.#updateShims();
    return removed;
  }

  /** Versions that a tool's source offers, oldest first. */
  async remoteVersions(name: string, cwd: string | undefined, signal: AbortSignal): Promise<string[]> {
    const project = loadProject(cwd ?? this.#user.home, this.#user);
    const [{ createToolServices }, { availableVersions }] = await Promise.all([
      import("../../sync/tool_services.ts"),
      import("../../tools/resolve/resolve_tool.ts"),
    ]);
    const services = await createToolServices({ ...this.#serviceOptions(project, false) });
    const own = project.requests.find((request) => request.name === name);
    const request = own ?? {
      name,
      version: "latest",
      options: {},
      installEnv: {},
      decidedBy: { file: "a request", key: name },
    };
    return await availableVersions(request, { ...services, signal });
  }

  async #resolver(project: Project, offline: boolean): Promise<Resolver> {
    const { createResolver } = await import("../../sync/real_sync.ts");
    return await createResolver(this.#serviceOptions(project, offline));
  }

  async #installer(project: Project): Promise<InstallOne> {
    const { createInstaller } = await import("../../sync/real_sync.ts");
    const { stall_timeout: stall } = project.settings;
    return createInstaller({
      env: this.#user.env,
      mirrors: project.mirrors,
      silence: stall === undefined ? DEFAULT_SILENCE_MS : stall * 1000,
    });
  }

  async #updateShims(): Promise<void> {
    const { writeShims } = await import("../../tools/shims/write_shims.ts");
    writeShims({ ...this.#user, platform: process.platform, haft: runtime.selfCommand() });
  }

  #serviceOptions(project: Project, offline: boolean) {
    const { env, home, paths } = this.#user;
    return {
      env,
      home,
      paths,
      projectDir: project.root,
      offline,
      mirrors: project.mirrors,
      version: this.#version,
    };
  }
}
