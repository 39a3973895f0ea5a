/** This host's own client of its daemon, which looks up what others ask about, and runs their tasks. */
import { errorMessage } from "../base/errors.ts";
import { DaemonClient } from "../client/daemon_client.ts";
import { memoryPair } from "../socket/memory_pair.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import { openProject, type UserContext } from "../tools/project/project.ts";
import type { ProjectFiles } from "../tools/project/project_files.ts";
import type { AccessFacts } from "./access.ts";
import type { EventSource } from "./event_publisher.ts";

/** The daemon, as the fleet needs it. */
export interface DaemonDoor {
  /** Takes a connection as if a client had connected. */
  accept(socket: Socket): SocketHandler;
  maxFrameBytes(): number;
  events: EventSource;
  user: UserContext;
  /** @throws {UsageError} with the mistake in a manifest's apps */
  checkApps(files: ProjectFiles): void;
}

export interface OwnDaemonOptions {
  door: Omit<DaemonDoor, "events">;
  host: string;
  version: string;
  log: (line: string) => void;
}

export class OwnDaemon implements AsyncDisposable {
  readonly facts: AccessFacts;
  readonly #options: OwnDaemonOptions;
  #client: Promise<DaemonClient> | undefined;

  constructor(options: OwnDaemonOptions) {
    this.#options = options;
    this.facts = {
      host: options.host,
      home: options.door.user.home,
      projectRoot: (directory) => openProject(directory, options.door.user).root,
      copiesOf: async (directory) => {
        const { apps } = await (await this.client()).request("app.status", { cwd: directory, names: [] })
          .catch(() => ({ apps: [] }));
        return apps.filter(({ hosts, desired }) => hosts !== null && desired === "running")
          .map(({ name }) => name);
      },
      taskRoot: async (id) => {
        try {
          return (await (await this.client()).request("task.status", { id })).task.root;
        } catch {
          return undefined;
        }
      },
    };
  }

  client(): Promise<DaemonClient> {
    const { door, version, log } = this.#options;
    this.#client ??= DaemonClient.inMemory(
      (attach) => memoryPair(attach, (socket) => door.accept(socket))[0],
      { client: "fleet", version, maxFrameBytes: door.maxFrameBytes() },
    ).catch((error) => {
      this.#client = undefined;
      log(`fleet: no connection to the daemon: ${errorMessage(error)}`);
      throw error;
    });
    return this.#client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#client?.catch(() => undefined))?.close();
  }
}
