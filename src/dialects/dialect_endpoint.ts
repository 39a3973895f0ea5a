import type { Socket, SocketHandler } from "../socket/mod.ts";
import type { Dialect } from "./dialect.ts";
import { DialectConnection, type DialectHost, type DialectLimits } from "./dialect_connection.ts";

interface EndpointLimits extends DialectLimits {
  /** Connections that have sent nothing yet. */
  silentConnections: number;
  /** Milliseconds that a connection may be silent before it makes way for others. */
  silentGraceMs: number;
}

export interface DialectEndpointHost {
  /** Takes a connection as if a client had connected. */
  accept(socket: Socket): SocketHandler;
  /** haft's own version. */
  version: string;
  /** What is sent to a client that has sent nothing may reach another user. */
  strangersMayRead?: boolean;
  limits(): EndpointLimits;
  onInternalError(where: string, error: unknown): void;
}

/**
 * The connections at one endpoint of another system's clients, with the limits that the daemon's own have.
 */
export class DialectEndpoint {
  readonly #dialect: Dialect;
  readonly #limits: DialectEndpointHost["limits"];
  readonly #host: DialectHost;
  readonly #connections = new Set<DialectConnection>();

  constructor(dialect: Dialect, host: DialectEndpointHost) {
    this.#dialect = dialect;
    this.#limits = () => host.limits();
    this.#host = {
      version: host.version,
      strangersMayRead: host.strangersMayRead === true,
      accept: (socket) => host.accept(socket),
      onClose: (connection) => this.#connections.delete(connection),
      onInternalError: (where, error) => host.onInternalError(where, error),
    };
  }

  /** Connections. */
  get size(): number {
    return this.#connections.size;
  }

  accept(socket: Socket): SocketHandler {
    const limits = this.#limits();
    const connection = new DialectConnection(socket, this.#dialect, { host: this.#host, limits });
    this.#connections.add(connection);
    this.#makeRoom(connection);
    return connection;
  }

  /**
   * Looks at the clock; called about once a second while there is a connection. `now` is `performance.now()`.
   */
  checkTimes(now: number): void {
    for (const connection of this.#connections) connection.checkTimes(now);
    this.#makeRoom();
  }

  /**
   * Connections that say nothing make way for others, the oldest first, as with the daemon's own. Where peers
   * may only listen, and where as many as may be silent wait in their first moment, the new one goes.
   */
  #makeRoom(newest?: DialectConnection): void {
    const { silentConnections: most, silentGraceMs } = this.#limits();
    const silent = [...this.#connections].filter((connection) => connection.silent);
    const message = `More than ${most} connections that have sent nothing yet`;
    const { mayStaySilent = false } = this.#dialect;
    const overdue = mayStaySilent
      ? []
      : silent.slice(0, Math.max(silent.length - most, 0)).filter(({ ageMs }) => ageMs >= silentGraceMs);
    for (const connection of overdue) connection.refuse(message);
    const bound = mayStaySilent ? most : 2 * most;
    if (silent.length - overdue.length > bound) newest?.refuse(message);
  }
}
