import type { Socket, SocketHandler } from "../socket/mod.ts";
import type { Dialect } from "./dialect.ts";
import { DialectConnection, type DialectHost, type DialectLimits } from "./dialect_connection.ts";

export interface DialectEndpointHost {
  /** Takes a connection as if a client had connected. */
  accept(socket: Socket): SocketHandler;
  /** haft's own version. */
  version: string;
  /** What is sent to a client that has sent nothing may reach another user. */
  strangersMayRead?: boolean;
  limits(): DialectLimits & { silentConnections: number };
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
    if (this.#silent() > limits.silentConnections) {
      connection.refuse(`More than ${limits.silentConnections} connections that have sent nothing yet`);
    }
    return connection;
  }

  /**
   * Looks at the clock; called about once a second while there is a connection. `now` is `performance.now()`.
   */
  checkTimes(now: number): void {
    for (const connection of this.#connections) connection.checkTimes(now);
  }

  #silent(): number {
    let silent = 0;
    for (const connection of this.#connections) if (connection.silent) silent++;
    return silent;
  }
}
