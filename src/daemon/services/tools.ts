import type { EmitEvent } from "../../protocol/events.ts";
import type { UserContext } from "../../tools/project/project.ts";
import type { ProjectCache } from "../../tools/project/project_cache.ts";
import { ConfigWatch } from "./config_watch.ts";
import { InstallService } from "./install_service.ts";
import { RuntimeService } from "./runtime_service.ts";
import { StoreWatch } from "./store_watch.ts";

export interface ToolsOptions {
  user: UserContext;
  projects: ProjectCache;
  emit: EmitEvent;
  /** haft's own version. */
  version: string;
  log: (line: string) => void;
}

/** All of the daemon that has to do with tools: answers, installs, and tells what changes on disk. */
export class Tools implements Disposable {
  readonly runtimes: RuntimeService;
  readonly installs: InstallService;
  readonly store: StoreWatch;
  readonly #config: ConfigWatch;

  constructor({ user, projects, emit, version, log }: ToolsOptions) {
    const onError = (directory: string, error: unknown) =>
      log(`cannot watch "${directory}": ${error instanceof Error ? error.message : error}`);
    this.#config = new ConfigWatch({ onError, onChange: (path) => emit("config.changed", { path }) });
    this.store = new StoreWatch(user.paths, {
      onError,
      onInstalled: (installation) => emit("runtime.installed", installation, installation.runtime),
      onRemoved: (installation) => emit("runtime.removed", installation, installation.runtime),
    });
    this.installs = new InstallService({ user, version, log });
    this.runtimes = new RuntimeService({
      user,
      projects,
      version,
      // Trust that is given in a terminal changes what the project's windows show.
      onOpened: ({ decidingFiles, trust }) =>
        this.#config.add([...decidingFiles.filter(isNoStorePath(user)), trust.file]),
    });
  }

  [Symbol.dispose](): void {
    this.#config[Symbol.dispose]();
    this.store[Symbol.dispose]();
  }
}

/** The store has its own watch, and its own events. */
function isNoStorePath({ paths }: UserContext): (path: string) => boolean {
  return (path) => !path.startsWith(paths.store);
}
