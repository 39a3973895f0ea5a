/**
 * The daemon's life: it takes the lock that makes it the only one, answers at its socket, and stops on
 * request or after a long time without work.
 */
import { tmpdir } from "node:os";
import process from "node:process";
import { errorMessage } from "../base/errors.ts";
import { announce } from "../dialects/discovery.ts";
import { loadDialect } from "../dialects/mod.ts";
import { type Place, placesOf } from "../dialects/places.ts";
import { machineFailure } from "../base/system_error.ts";
import { Hub } from "../hub/hub.ts";
import type { EmitEvent } from "../protocol/events.ts";
import { CAPABILITIES } from "../protocol/protocol_range.ts";
import { METHODS } from "../protocol/methods/mod.ts";
import { SAID_BY_TASKS } from "../protocol/task_events.ts";
import { runtime } from "../runtime/mod.ts";
import type { UserContext } from "../tools/project/project.ts";
import { userConfigPath } from "../tools/project/user_config_path.ts";
import type { FleetSettings } from "../tools/manifest/fleet_settings.ts";
import type { DaemonSettings } from "../tools/manifest/manifest_schema.ts";
import { appHandlers } from "./handlers/app_handlers.ts";
import { backendHandlers } from "./handlers/backend_handlers.ts";
import { connectionHandlers } from "./handlers/connection_handlers.ts";
import { daemonHandlers } from "./handlers/daemon_handlers.ts";
import { projectHandlers } from "./handlers/project_handlers.ts";
import { fleetHandlers } from "./handlers/fleet_handlers.ts";
import { runtimeHandlers } from "./handlers/runtime_handlers.ts";
import { taskHandlers } from "./handlers/task_handlers.ts";
import { toolHandlers } from "./handlers/tool_handlers.ts";
import { IdleClock } from "./idle_clock.ts";
import { type Legacy, requireSuccession, type StopOptions, type Successor } from "./legacy.ts";
import { MethodTable } from "./method_table.ts";
import { QuietCollector } from "./quiet_collector.ts";
import type { RotatingLog } from "./rotating_log.ts";
import { openEndpoint, type OwnAddress } from "./own_endpoint.ts";
import { Server } from "./server.ts";
import { FleetMembership } from "./services/fleet_membership.ts";
import { Services } from "./services/services.ts";
import { connectionLimits, idleExitMs, taskPlaces } from "./settings.ts";
import { AlreadyRunning, StateLock } from "./state_lock.ts";

export interface DaemonOptions {
  socket: string;
  /** Where it goes on when its socket was removed and cannot be made again. */
  fallbackSocket?: string | undefined;
  log: RotatingLog;
  /** Whose daemon it is, and where that user's haft keeps things. */
  user: UserContext;
  version: string;
  /** Names this very build. */
  build: string;
  /** Descriptors of inherited listening sockets; the daemon then makes no socket itself. */
  inherited?: readonly number[];
  /** Dialect → path of its endpoint, besides those of the settings. */
  listen?: Readonly<Record<string, readonly Place[]>>;
  /** Reads the user's settings; called at the start and by {@link Daemon.reload}. */
  settings?: () => DaemonSettings;
  /** Reads `[fleet]` of the user's settings; called when the daemon answers, and by `fleet.reload`. */
  fleet?: () => Promise<FleetSettings | undefined>;
  /** What the daemon left whose place this one took. */
  legacy?: Legacy | undefined;
  /** Milliseconds that requests in flight get when it stops. Default 10 s. */
  graceMs?: number;
}

const DEFAULT_GRACE_MS = 10_000;

export class Daemon {
  /** Resolves when it has stopped. Its socket and its lock are free before a connection ends. */
  readonly stopped: Promise<void>;
  /** What it leaves, when it has stopped for a successor. */
  left: { successor: Successor; legacy: Omit<Legacy, "exits">; socket: string } | undefined;
  readonly #options: DaemonOptions;
  readonly #hub = new Hub({
    maxFrameBytes: () => this.#server.limits.frame,
    packer: runtime.packer,
    onVolume: () => this.#collector.volume(),
  });
  readonly #emit: EmitEvent = (type, data, subject) => void this.#hub.publish(type, data, { subject });
  readonly #server: Server;
  readonly #lock: StateLock;
  /** Where it listens now. */
  #socket: string;
  readonly #begun = performance.now();
  #settings: DaemonSettings;
  readonly #services: Services;
  readonly #fleet: FleetMembership;
  readonly #collector: QuietCollector;
  readonly #announced = new DisposableStack();
  readonly #idle: IdleClock;
  #internalErrors = 0;
  #stopping = false;
  #keepApps = false;
  #successor: Successor | undefined;
  #resolveStopped: () => void = () => {};

  /**
   * Resolves when the daemon answers.
   *
   * @throws {AlreadyRunning} when another one has the state directory, or the endpoint
   * @throws {HaftError} when the socket cannot be made
   */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const { legacy, inherited = [], log, version, build, user: { paths: { state } } } = options;
    const lock = legacy === undefined
      ? await StateLock.take(state, options.socket)
      : StateLock.inherit(state, legacy.lock, options.socket);
    const daemon = new Daemon(options, lock);
    try {
      for (const descriptor of inherited) await daemon.#server.listenInherited(descriptor);
      if (inherited.length === 0) {
        const address: OwnAddress = { socket: options.socket };
        await daemon.#server.listen((accept) => openEndpoint(address, accept), {
          onPlaced: (path) => daemon.#placed(path),
        });
        // A daemon that starts says what is wrong; one that runs has apps to look after, and goes on.
        address.fallback = options.fallbackSocket;
      }
      await daemon.#listenDialects();
    } catch (error) {
      await daemon.#finish();
      throw error;
    }
    daemon.#emit("daemon.started", { pid: process.pid, version });
    log.write(`haft ${version} (${build}) answers at ${daemon.#socket}, pid ${process.pid}`);
    daemon.#services.begin();
    daemon.#joinFleet();
    daemon.#idle.restart();
    return daemon;
  }

  private constructor(options: DaemonOptions, lock: StateLock) {
    this.#options = options;
    this.#lock = lock;
    this.#socket = options.socket;
    this.stopped = new Promise((resolve) => this.#resolveStopped = resolve);
    const { log, version, build, user: { paths: { store, state, config } } } = options;
    const home = { store, state, config };
    this.#settings = options.settings?.() ?? {};
    this.#services = new Services({
      user: options.user,
      version,
      hub: this.#hub,
      log: (line) => log.write(line),
      onInternalError: (where, error) => this.reportInternalError(where, error),
      environments: options.legacy?.environments,
      relay: (id, event, data) => {
        const client = this.#server.connections.get(id);
        // What a task says has no bounds, so a full client may miss some of it; how it ends always goes out.
        if (SAID_BY_TASKS.has(event)) client?.offer(event, data);
        else client?.send(event, data);
      },
      onWorkEnded: () => this.#idle.restart(),
      taskPlaces: () => taskPlaces(this.#settings),
    });
    this.#fleet = new FleetMembership({
      settings: options.fleet ?? (() => Promise.resolve(undefined)),
      version,
      stateDirectory: options.user.paths.state,
      log: (line) => log.write(line),
      door: {
        accept: (socket) => this.#server.accept(socket, "fleet"),
        maxFrameBytes: () => this.#server.limits.frame,
        events: this.#hub,
        user: options.user,
      },
    });
    const { projectFacts, tools, backends, apps, tasks } = this.#services;
    const methods = new MethodTable(METHODS);
    this.#server = new Server({
      hub: this.#hub,
      methods,
      limits: connectionLimits(this.#settings),
      onInternalError: (method, error) => this.reportInternalError(`method ${method}`, error),
      onConnections: (open) => {
        this.#idle.restart();
        this.#collector.connections(open);
      },
      emit: this.#emit,
      log: (line) => log.write(line),
      watched: [options.user.paths.state],
      onCheck: () => {
        void this.#checkLock();
        this.#collector.look();
      },
    });
    methods.register(connectionHandlers({
      hub: this.#hub,
      clients: () => this.#server.connections,
      version,
      build,
      home,
      capabilities: [...CAPABILITIES, ...(runtime.succession === undefined ? [] : ["successor"])],
      snapshot: (types) => {
        this.#services.subscribed(types);
        const { size: clients } = this.#server.connections;
        return { pid: process.pid, version, clients, ...this.#services.snapshot(types) };
      },
    }));
    methods.register(daemonHandlers({
      hub: this.#hub,
      server: this.#server,
      log,
      socket: () => this.#socket,
      version,
      build,
      home,
      uptime: () => Math.floor((performance.now() - this.#begun) / 1000),
      internalErrors: () => this.#internalErrors,
      cachedRuntimes: () => tools.now?.runtimes.cachedRuntimes ?? 0,
      channels: () => backends.now?.channels() ?? [],
      stop: (reason, how) => void this.stop(reason, how),
    }));
    methods.register(projectHandlers(projectFacts.get));
    methods.register(runtimeHandlers(tools.get));
    methods.register(toolHandlers(tools.get, this.#hub));
    methods.register(backendHandlers(backends.get));
    methods.register(appHandlers(apps.get, this.#services.projects.get));
    methods.register(taskHandlers(tasks.get));
    methods.register(fleetHandlers(this.#fleet));
    this.#idle = new IdleClock({
      limitMs: () => idleExitMs(this.#settings),
      isBusy: () => this.#server.connections.size > 0 || this.#services.busy || this.#fleet.busy,
      onIdle: (limitMs) => void this.stop(`nothing to do for ${limitMs / 1000} s`),
    });
    this.#collector = new QuietCollector({
      work: () => this.#hub.seq + this.#server.traffic.receivedFrames,
      collect: () => runtime.collectGarbage(),
      giveBack: () => {
        this.#hub.rest();
        runtime.giveBackMemory();
      },
    });
  }

  /**
   * Reads the user's settings again: limits count for new connections, and what was remembered of projects is
   * forgotten. Settings that cannot be read change nothing.
   */
  reload(): void {
    const { log, user, settings } = this.#options;
    try {
      this.#settings = settings?.() ?? {};
    } catch (error) {
      log.write(`the settings stay as they were: ${errorMessage(error)}`);
      return;
    }
    this.#server.limits = connectionLimits(this.#settings);
    this.#services.reload();
    this.#joinFleet();
    this.#idle.restart();
    log.write("the settings were read again");
    this.#emit("daemon.reloaded", { path: userConfigPath(user.paths.config) });
  }

  /** A fault of haft's own is logged and counted, and never its end. What the machine lacks is no fault. */
  reportInternalError(where: string, error: unknown): void {
    const failure = machineFailure(error);
    if (failure !== undefined) return this.#options.log.write(`${where}: ${failure.message}`);
    this.#internalErrors++;
    const text = error instanceof Error ? error.stack ?? error.message : error;
    this.#options.log.write(`internal error in ${where}: ${text}`);
  }

  /**
   * Lets requests in flight finish, closes every connection, and gives up the endpoint. Further calls wait
   * for the first.
   */
  async stop(reason: string, { keepApps = false, successor }: StopOptions = {}): Promise<void> {
    if (this.#stopping) return await this.stopped;
    this.#stopping = true;
    this.#keepApps = keepApps || successor !== undefined;
    this.#successor = successor;
    this.#options.log.write(`stopping: ${reason}`);
    this.#emit("daemon.stopping", { reason });
    await this.#finish();
  }

  /** In the background: the daemon serves its user whether there is a fleet or not. */
  #joinFleet(): void {
    this.#fleet.reload().catch((error) =>
      this.#options.log.write(`the fleet is left as it was: ${errorMessage(error)}`)
    );
  }

  async #listenDialects(): Promise<void> {
    const { log, version, listen } = this.#options;
    const { env, platform } = { env: this.#options.user.env, platform: process.platform };
    for (const [name, places] of Object.entries({ ...this.#settings.listen, ...listen })) {
      const dialect = await loadDialect(name, this.#settings);
      for (const path of [places].flat().flatMap((place) => placesOf(name, place, { env, platform }))) {
        await this.#server.listenDialect(path, dialect, version);
        log.write(`speaks ${name} at ${path}`);
        if (dialect.mayStaySilent && this.#settings.roo?.discovery === true) this.#announce(path);
      }
    }
  }

  /** Clients of packages/ipc look for the path in a file; the daemon answers without it, too. */
  #announce(path: string): void {
    try {
      this.#announced.use(announce(path, tmpdir()));
    } catch (error) {
      this.#options.log.write(errorMessage(error));
    }
  }

  #placed(path: string): void {
    this.#socket = path;
    this.#lock.record(path);
  }

  /** Another daemon can only have the lock when its file was removed: then that one stays. */
  async #checkLock(): Promise<void> {
    if (this.#stopping) return;
    try {
      await this.#lock.check(this.#socket);
    } catch (error) {
      if (error instanceof AlreadyRunning) void this.stop(errorMessage(error), { keepApps: true });
      else this.reportInternalError("the lock of the state directory", error);
    }
  }

  async #finish(): Promise<void> {
    this.#idle[Symbol.dispose]();
    this.#announced.dispose();
    const successor = this.#successor;
    this.#services.leave({ keepApps: this.#keepApps });
    await this.#fleet.close({ keepCopies: successor !== undefined });
    const { inherited = [] } = this.#options;
    const listeners = successor === undefined
      ? []
      : inherited.map((descriptor) => requireSuccession().inheritable(descriptor));
    await this.#server.stop({
      graceMs: this.#options.graceMs ?? DEFAULT_GRACE_MS,
      beforeClosing: async () => {
        await this.#services.close({ keepApps: this.#keepApps });
        // A client whose connection ends finds nothing left of this daemon.
        if (successor === undefined) this.#lock.release();
      },
    });
    if (successor !== undefined) {
      const environments = this.#services.tasks.now?.environments ?? {};
      const legacy = { lock: this.#lock.leave(), listeners, environments };
      this.left = { successor, legacy, socket: this.#socket };
    }
    this.#resolveStopped();
  }
}
