/**
 * The daemon's life: it takes the lock that makes it the only one, answers at its socket, and stops when it is told to or has
 * had nothing to do for long.
 */
import { dirname } from "node:path";
import { mkdirSync } from "node:fs";
import process from "node:process";
import { HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { Hub } from "../hub/hub.ts";
import { METHODS } from "../protocol/methods/mod.ts";
import { type FileLock, runtime } from "../runtime/mod.ts";
import { openRuntimeDirectory } from "../socket/runtime_directory.ts";
import type { ConnectionLimits } from "./connection_limits.ts";
import { connectionHandlers } from "./handlers/connection_handlers.ts";
import { daemonHandlers } from "./handlers/daemon_handlers.ts";
import { MethodTable } from "./method_table.ts";
import type { RotatingLog } from "./rotating_log.ts";
import { Server } from "./server.ts";

export interface DaemonOptions {
  socket: string;
  log: RotatingLog;
  version: string;
  /** Names this very build. */
  build: string;
  /** Milliseconds without a connection after which it ends; never when Infinity. Default 3 h. */
  idleExitMs?: number;
  /** Milliseconds that requests in flight get when it stops. Default 10 s. */
  graceMs?: number;
  limits?: Partial<ConnectionLimits>;
}

/** Another daemon has the endpoint. */
export class AlreadyRunning extends HaftError {
  override readonly name = "AlreadyRunning";
}

const DEFAULT_IDLE_EXIT_MS = 3 * 60 * 60 * 1000;
const DEFAULT_GRACE_MS = 10_000;

export class Daemon {
  /** Resolves when it has stopped and its socket and lock are free. */
  readonly stopped: Promise<void>;
  readonly #options: DaemonOptions;
  readonly #hub = new Hub();
  readonly #server: Server;
  readonly #lock: FileLock;
  readonly #begun = performance.now();
  #internalErrors = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #stopping = false;
  #resolveStopped: () => void = () => {};

  /**
   * Resolves when the daemon answers.
   *
   * @throws {AlreadyRunning} when another one has the endpoint
   * @throws {HaftError} when the socket cannot be made
   */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(options, takeLock(options.socket));
    try {
      await daemon.#server.listen(options.socket);
    } catch (error) {
      await daemon.#finish();
      throw error;
    }
    daemon.#hub.publish("daemon.started", { pid: process.pid, version: options.version });
    options.log.write(
      `haft ${options.version} (${options.build}) answers at ${options.socket}, pid ${process.pid}`,
    );
    daemon.#watchIdle(0);
    return daemon;
  }

  private constructor(options: DaemonOptions, lock: FileLock) {
    this.#options = options;
    this.#lock = lock;
    this.stopped = new Promise((resolve) => this.#resolveStopped = resolve);
    const { log, socket, version, build } = options;
    const methods = new MethodTable(METHODS);
    this.#server = new Server({
      hub: this.#hub,
      methods,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      onInternalError: (method, error) => this.reportInternalError(`method ${method}`, error),
      onConnections: (open) => this.#watchIdle(open),
    });
    methods.register(connectionHandlers({
      hub: this.#hub,
      clients: () => this.#server.connections,
      version,
      build,
      capabilities: ["events", "cancel", "oneway", "describe"],
      snapshot: () => ({ pid: process.pid, version, clients: this.#server.connections.size }),
    }));
    methods.register(daemonHandlers({
      hub: this.#hub,
      server: this.#server,
      log,
      socket,
      version,
      build,
      uptime: () => Math.floor((performance.now() - this.#begun) / 1000),
      internalErrors: () => this.#internalErrors,
      stop: (reason) => void this.stop(reason),
    }));
  }

  /** A fault of haft's own: logged and counted, never the daemon's end. */
  reportInternalError(where: string, error: unknown): void {
    this.#internalErrors++;
    this.#options.log.write(
      `internal error in ${where}: ${error instanceof Error ? error.stack ?? error.message : error}`,
    );
  }

  /** Lets requests in flight finish, closes every connection, and gives up the endpoint. Further calls wait for the first. */
  async stop(reason: string): Promise<void> {
    if (this.#stopping) return await this.stopped;
    this.#stopping = true;
    this.#options.log.write(`stopping: ${reason}`);
    this.#hub.publish("daemon.stopping", { reason });
    await this.#finish();
  }

  async #finish(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#server.stop({ graceMs: this.#options.graceMs ?? DEFAULT_GRACE_MS });
    this.#lock.release();
    this.#resolveStopped();
  }

  #watchIdle(connections: number): void {
    clearTimeout(this.#idle);
    const { idleExitMs = DEFAULT_IDLE_EXIT_MS } = this.#options;
    if (connections > 0 || this.#stopping || !Number.isFinite(idleExitMs)) return;
    this.#idle = setTimeout(() => void this.stop(`nothing to do for ${idleExitMs / 1000} s`), idleExitMs);
  }
}

function takeLock(socket: string): FileLock {
  const directory = dirname(socket);
  mkdirSync(dirname(directory), { recursive: true });
  openRuntimeDirectory(directory, { uid: process.getuid?.(), create: true });
  const lock = runtime.tryLock(`${socket}.lock`);
  if (lock !== undefined) return lock;
  throw new AlreadyRunning(`A daemon already answers at "${socket}"`, {
    next: 'Run "haft daemon status" to see it, or "haft daemon stop" to stop it',
    exitCode: ExitCode.failed,
  });
}
