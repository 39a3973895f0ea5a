import process from "node:process";
import { HaftError } from "../../base/errors.ts";
import type { Result } from "../../protocol/methods/mod.ts";
import type { SyncEvent } from "../../protocol/sync_event.ts";
import {
  installInProject,
  type InstallUser,
  type InstallWatch,
  projectServices,
  syncProject,
} from "../../sync/project_sync.ts";
import { installationsOf, removeTools } from "../../sync/remove_tool.ts";
import { updateShims } from "../../sync/update_shims.ts";
import { openProject, type UserContext } from "../../tools/project/project.ts";
import { plainRequest } from "../../tools/request.ts";
import { Store } from "../../tools/store/store.ts";

export interface InstallServiceOptions {
  user: UserContext;
  /** haft's own version. */
  version: string;
  /** A line for the daemon's log. */
  log: (line: string) => void;
}

export interface InstallProgressWatch {
  emit(event: SyncEvent): void;
  signal: AbortSignal;
}

type ToolFailed = Extract<SyncEvent, { type: "tool.failed" }>;

/**
 * Installs and removes tools as `haft sync`, `install` and `uninstall` do: each install in a child process.
 */
export class InstallService {
  readonly #user: InstallUser;
  readonly #log: (line: string) => void;

  constructor({ user, version, log }: InstallServiceOptions) {
    this.#user = { ...user, version, platform: process.platform };
    this.#log = log;
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
    watch: InstallProgressWatch,
  ) {
    const failures: ToolFailed[] = [];
    const { installed: [installed] } = await installInProject(
      openProject(cwd, this.#user),
      { targets: [{ name: tool, version }], force, offline, where: "child" },
      this.#watch(watch, failures),
    );
    if (installed !== undefined) {
      const { version, path, alreadyInstalled } = installed;
      return { version, path, already_installed: alreadyInstalled };
    }
    watch.signal.throwIfAborted();
    const { error = `"${tool}" was not installed`, next = null } = failures.at(-1) ?? {};
    throw new HaftError(error, next === null ? {} : { next });
  }

  async sync(
    { cwd, locked, force, offline, jobs, share }: {
      cwd: string;
      locked: boolean;
      force: boolean;
      offline: boolean;
      jobs?: number | undefined;
      share: boolean;
    },
    watch: InstallProgressWatch,
  ) {
    const failures: ToolFailed[] = [];
    const { ok, installed, present, skipped, duration_ms } = await syncProject(
      openProject(cwd, this.#user),
      { mode: "install", jobs, force, locked, offline, failFast: false, share },
      this.#watch(watch, failures),
    );
    const failed = failures.map(({ tool, error, next }) => ({ tool, error, next }));
    return { ok, installed, present, skipped, failed, duration_ms };
  }

  /** @returns false when that version was not there */
  async uninstall(
    { tool, version, force }: { tool: string; version: string; force: boolean },
    signal: AbortSignal,
  ): Promise<boolean> {
    const store = new Store(this.#user.paths);
    const found = installationsOf(tool, store).filter(({ receipt }) => receipt.version === version);
    const removed = (await removeTools(found, { store, force, signal })).length > 0;
    await updateShims(this.#user, {
      changed: removed,
      onWarning: (text) => this.#log(text),
    });
    return removed;
  }

  /** Versions that a tool's source offers, oldest first. */
  async remoteVersions(
    name: string,
    cwd: string | undefined,
    signal: AbortSignal,
  ): Promise<Result<"runtime.versions">> {
    const project = openProject(cwd ?? this.#user.home, this.#user);
    const { availableVersions, versionDates } = await import("../../tools/resolve/resolve_tool.ts");
    const source = project.projectAt(project.layerOf(name)?.root ?? project.root);
    const services = await projectServices(source, { offline: false }, this.#user);
    const request = project.requests.find((own) => own.name === name) ?? {
      ...plainRequest(project.files.catalogue.tool(name)),
      version: "latest",
      decidedBy: { file: "a request", key: name },
    };
    const versions = await availableVersions(request, { ...services, signal });
    const dates = Object.fromEntries(await versionDates(request, { ...services, signal }));
    return { versions, ...(Object.keys(dates).length === 0 ? {} : { dates }) };
  }

  #watch({ emit, signal }: InstallProgressWatch, failures: ToolFailed[]): InstallWatch {
    return {
      user: this.#user,
      signal,
      emit(event) {
        if (event.type === "tool.failed") failures.push(event);
        emit(event);
      },
      onWarning: (text) => this.#log(text),
    };
  }
}
