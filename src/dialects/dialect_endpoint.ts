import type { Socket, SocketHandler } from "../socket/mod.ts";
import type { PeerLimits } from "../socket/peer_clock.ts";
import type { Dialect } from "./dialect.ts";
import { DialectConnection } from "./dialect_connection.ts";

export interface DialectEndpointHost {
  /** Takes a connection as if a client had connected. */
  accept(socket: Socket): SocketHandler;
  /** haft's own version. */
  version: string;
  /** What is sent to a client that has sent nothing may reach another user. */
  strangersMayRead?: boolean;
  limits(): PeerLimits & { frame: number; silentConnections: number };
  onInternalError(where: string, error: unknown): void;
}

/**
 * The connections at one endpoint of another system's clients, with the limits that the daemon's own have.
 */
export class DialectEndpoint {
  readonly #dialect: Dialect;
  readonly #host: DialectEndpointHost;
  readonly #connections = new Set<DialectConnection>();

  constructor(dialect: Dialect, host: DialectEndpointHost) {
    this.#dialect = dialect;
    this.#host = host;
  }

  /** Connections. */
  get size(): number {
    return this.#connections.size;
  }

  accept(socket: Socket): SocketHandler {
    const { frame, silentConnections, ...limits } = this.#host.limits();
    const connection = new DialectConnection(socket, this.#dialect, {
      version: this.#host.version,
      strangersMayRead: this.#host.strangersMayRead === true,
      maxFrameBytes: frame,
      limits,
      accept: (socket) => this.#host.accept(socket),
      onClose: (connection) => this.#connections.delete(connection),
      onInternalError: this.#host.onInternalError,
    });
    this.#connections.add(connection);
    if (this.#silent() > silentConnections) {
      connection.refuse(`More than ${silentConnections} connections that have sent nothing yet`);
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
