import { dirname } from "node:path";
import { FrameFanout } from "../hub/frame_fanout.ts";
import type { Hub } from "../hub/hub.ts";
import type { EmitEvent } from "../protocol/events.ts";
import { connectionCeiling } from "../socket/connection_ceiling.ts";
import {
  type Listener,
  listenOpen,
  type Socket,
  type SocketHandler,
  STRANGERS_MAY_READ,
} from "../socket/mod.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { DialectEndpoint } from "../dialects/dialect_endpoint.ts";
import { Connection } from "./connection.ts";
import type { ConnectionHost, HostedConnection } from "./connection_host.ts";
import { CONNECTION_LIMITS, type ConnectionLimits } from "./connection_limits.ts";
import { Endpoints, type PlacedListener } from "./endpoints.ts";
import type { Method } from "./method_table.ts";
import { DirectoryWatch } from "./services/directory_watch.ts";
import { Traffic } from "./traffic.ts";

export interface ServerOptions {
  hub: Hub;
  methods: { get(name: string): Method | undefined; readonly names: string[] };
  limits?: Partial<ConnectionLimits>;
  onInternalError: (method: string, error: unknown) => void;
  emit?: EmitEvent;
  /** A line for the daemon's log. */
  log?: (line: string) => void;
  /** Called every second or two, and twice as late each time while nothing happens. */
  onCheck?: () => void;
  /** Directories of files that `onCheck` looks for: while they cannot be watched, it is called as often. */
  watched?: readonly string[];
  /** A connection came or went; for the idle clock and the log. */
  onConnections?: (open: number) => void;
}

/**
 * Milliseconds between two looks; each wakes the daemon, which otherwise has nothing to do. While nothing is
 * received or sent, and a watch tells of what is removed, each pause is twice as long as the one before, up
 * to `atRest` or to what is due.
 */
const CHECK_MS = { connected: 1_000, alone: 2_000, atRest: 30_000 };

/**
 * The daemon's endpoint: accepts connections, keeps them within their limits, and closes them all in the end.
 */
export class Server implements AsyncDisposable {
  readonly traffic = new Traffic(() => this.#awake());
  readonly #connections = new Map<string, Connection>();
  readonly #host: ConnectionHost & { stopping: boolean; limits: ConnectionLimits };
  readonly #options: ServerOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = CHECK_MS.alone;
  #seenBytes = 0;
  /** The directories of what a look looks for. */
  readonly #watch = new DirectoryWatch({ onChange: () => this.#awake(), onError: () => {} });
  #closed = false;
  readonly #endpoints: Endpoints;
  readonly #inherited: Listener[] = [];
  readonly #dialects: DialectEndpoint[] = [];
  #whenEmpty: (() => void) | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#host = {
      limits: withinDescriptors({ ...CONNECTION_LIMITS, ...options.limits }),
      methods: options.methods,
      fanout: new FrameFanout(options.hub),
      traffic: this.traffic,
      stopping: false,
      hasRoom: (forControl) => this.#hasRoom(forControl),
      onInternalError: options.onInternalError,
      onIntroduced: (connection) => this.#news("client.connected", connection),
      onClose: (connection, reason) => this.#forget(connection, reason),
    };
    this.#endpoints = new Endpoints({ log: options.log ?? (() => {}) });
    this.#checkLater();
  }

  /** Starts accepting at an endpoint. @param open listens there, and anew when its socket was removed */
  async listen(
    open: (accept: (socket: Socket) => SocketHandler) => Promise<PlacedListener>,
    { onPlaced }: { onPlaced: (path: string) => void },
  ): Promise<void> {
    await this.#endpoints.add({ open: () => open((socket) => this.accept(socket)), onPlaced });
  }

  /** Starts accepting from a socket that was handed over, already listening. */
  async listenInherited(descriptor: number): Promise<void> {
    const { listenInherited } = await import("../socket/inherited.ts");
    this.#inherited.push(await listenInherited(descriptor, (socket) => this.accept(socket)));
  }

  /** Starts accepting clients of another system at a path of their own. */
  async listenDialect(path: string, dialect: Dialect, version: string): Promise<void> {
    const { DialectEndpoint } = await import("../dialects/dialect_endpoint.ts");
    const endpoint = new DialectEndpoint(dialect, {
      version,
      strangersMayRead: STRANGERS_MAY_READ,
      limits: () => this.limits,
      accept: (socket) => this.accept(socket, dialect.name),
      onInternalError: this.#options.onInternalError,
    });
    await this.#endpoints.add({
      open: async () => ({
        path,
        ...await listenOpen(path, (socket) => {
          this.#awake();
          return endpoint.accept(socket);
        }),
      }),
    });
    this.#dialects.push(endpoint);
  }

  /** Takes one connected socket; a listener calls it, and tests do with a pair in memory. */
  accept(socket: Socket, dialect?: string): SocketHandler {
    const connection = new Connection(socket, this.#host, dialect);
    this.#connections.set(connection.id, connection);
    this.traffic.accepted++;
    this.#awake();
    this.#options.onConnections?.(this.#connections.size);
    this.#refuseIfTooMany(connection);
    return connection;
  }

  get limits(): ConnectionLimits {
    return this.#host.limits;
  }

  /**
   * Counts at once, for what is looked at each time; a connection keeps the frame limit that it was agreed on
   * with.
   */
  set limits(limits: ConnectionLimits) {
    this.#host.limits = withinDescriptors(limits);
  }

  get connections(): ReadonlyMap<string, Connection> {
    return this.#connections;
  }

  get requestsInFlight(): number {
    let inFlight = 0;
    for (const connection of this.#connections.values()) inFlight += connection.requestsInFlight.inFlight;
    return inFlight;
  }

  /**
   * No new connections and requests; those in flight that do more than wait for others may finish within
   * `graceMs`, then everything is closed.
   *
   * @param options.graceMs milliseconds
   * @param options.beforeClosing runs when requests have finished, while subscribers still hear what it leads
   * to
   */
  async stop(
    { graceMs, beforeClosing }: { graceMs: number; beforeClosing?: () => Promise<void> },
  ): Promise<void> {
    this.#host.stopping = true;
    this.#endpoints.close();
    for (const listener of this.#inherited.splice(0)) listener.close();
    const idle = () =>
      [...this.#connections.values()].every(({ requestsInFlight }) => requestsInFlight.working === 0);
    await this.#waitFor(idle, graceMs);
    await beforeClosing?.();
    for (const connection of this.#connections.values()) connection.stop("the daemon stopped");
    await this.#waitFor(() => this.#connections.size === 0, CLOSE_GRACE_MS);
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watch[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ graceMs: 0 });
  }

  #refuseIfTooMany(connection: Connection): void {
    const { connections, silentConnections } = this.#host.limits;
    const message = `More than ${connections} connections`;
    const open = this.#connections.size - this.#makeRoom();
    // Connections that wait for their refusal are limited, too.
    if (this.#connections.size > connections + silentConnections) connection.fail("too_many", message);
    else if (open > connections) connection.refusal = message;
  }

  /**
   * Connections that say nothing make way for others, the oldest first. A new one has a moment to speak, so
   * that many clients at once do not end each other.
   *
   * @returns how many have made way
   */
  #makeRoom(): number {
    const { connections, silentConnections, silentGraceMs } = this.#host.limits;
    const silent = [...this.#connections.values()].filter(({ silent }) => silent);
    const tooMany = Math.max(silent.length - silentConnections, this.#connections.size - connections, 0);
    const message =
      `More than ${silentConnections} connections that have sent nothing yet, or ${connections} in all`;
    const overdue = silent.slice(0, tooMany).filter(({ ageMs }) => ageMs >= silentGraceMs);
    for (const connection of overdue) connection.fail("too_many", message);
    return overdue.length;
  }

  #hasRoom(forControl: boolean): boolean {
    const { connections, reservedConnections } = this.#host.limits;
    const served = [...this.#connections.values()].filter(({ refusal }) => refusal === undefined);
    return served.length < connections + (forControl ? reservedConnections : 0);
  }

  #forget(connection: HostedConnection, reason: string): void {
    this.#connections.delete(connection.id);
    this.traffic.closed(reason);
    this.#news("client.disconnected", connection);
    this.#options.onConnections?.(this.#connections.size);
    this.#whenEmpty?.();
  }

  #news(event: "client.connected" | "client.disconnected", { id, name, dialect }: HostedConnection): void {
    if (name === undefined) return;
    this.#options.emit?.(event, { client_id: id, name, dialect: dialect ?? null }, name);
  }

  #checkLater(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#check();
      this.#pauseMs = this.#isQuiet() && this.#mayRest()
        ? Math.min(this.#pauseMs * 2, CHECK_MS.atRest)
        : CHECK_MS.alone;
      this.#checkLater();
    }, this.#connections.size > 0 ? this.#untilDue() : this.#pauseMs);
  }

  /** Whether nothing was received or sent since the last look. */
  #isQuiet(): boolean {
    const { receivedBytes, sentBytes } = this.traffic;
    const quiet = receivedBytes + sentBytes === this.#seenBytes;
    this.#seenBytes = receivedBytes + sentBytes;
    return quiet;
  }

  /** Milliseconds until a connection's time may run out, within those of a look. */
  #untilDue(): number {
    const { connected, alone } = CHECK_MS;
    let due = this.#pauseMs === alone ? 0 : Infinity;
    for (const { dueAt } of this.#connections.values()) due = Math.min(due, dueAt);
    return Math.min(Math.max(due - performance.now(), connected), this.#pauseMs);
  }

  /** Looks soon again: something happened. */
  #awake(): void {
    if (this.#pauseMs === CHECK_MS.alone) return;
    this.#pauseMs = CHECK_MS.alone;
    clearTimeout(this.#timer);
    this.#checkLater();
  }

  #mayRest(): boolean {
    if (this.#dialects.some(({ size }) => size > 0)) return false;
    const directories = [...this.#endpoints.paths.map(dirname), ...this.#options.watched ?? []];
    // Each is added, so that one that was made anew is watched, too.
    return directories.map((directory) => this.#watch.add(directory)).every(Boolean);
  }

  #check(): void {
    this.#options.onCheck?.();
    this.#endpoints.check();
    const now = performance.now();
    for (const connection of this.#connections.values()) connection.checkTimes(now);
    this.#makeRoom();
    for (const dialect of this.#dialects) dialect.checkTimes(now);
    this.#whenEmpty?.();
  }

  /** Looked at whenever a connection closes or a second passes. */
  async #waitFor(done: () => boolean, limitMs: number): Promise<void> {
    if (done()) return;
    await new Promise<void>((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        clearInterval(poll);
        this.#whenEmpty = undefined;
        resolve();
      };
      const look = () => {
        if (done()) finish();
      };
      const timer = setTimeout(finish, limitMs);
      const poll = setInterval(look, 10);
      this.#whenEmpty = look;
    });
  }
}

/** Connections never take the last descriptors: accepting would spin when there are none. */
function withinDescriptors(limits: ConnectionLimits): ConnectionLimits {
  return { ...limits, connections: Math.min(limits.connections, connectionCeiling()) };
}

/** How long clients may take to read the last that was sent to them. */
const CLOSE_GRACE_MS = 2_000;
