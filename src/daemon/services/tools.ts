import type { Hub } from "../../hub/hub.ts";
import type { UserContext } from "../../tools/project/open_project.ts";
import { decidingFiles } from "../../tools/project/open_project.ts";
import { ConfigWatch } from "./config_watch.ts";
import { InstallService } from "./install_service.ts";
import { RuntimeService } from "./runtime_service.ts";
import { StoreWatch } from "./store_watch.ts";

export interface ToolsOptions {
  user: UserContext;
  hub: Hub;
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

  constructor({ user, hub, version, log }: ToolsOptions) {
    const onError = (directory: string, error: unknown) =>
      log(`cannot watch "${directory}": ${error instanceof Error ? error.message : error}`);
    this.#config = new ConfigWatch({ onError, onChange: (path) => hub.publish("config.changed", { path }) });
    this.store = new StoreWatch(user.paths, {
      onError,
      onInstalled: (installation) =>
        hub.publish("runtime.installed", installation, { subject: installation.runtime }),
      onRemoved: (installation) =>
        hub.publish("runtime.removed", installation, { subject: installation.runtime }),
    });
    this.installs = new InstallService({ user, version });
    this.runtimes = new RuntimeService({
      user,
      version,
      onOpened: (_, open) => this.#config.add(decidingFiles(open, user.paths).filter(isNoStorePath(user))),
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
