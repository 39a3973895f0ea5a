import type { FrameFanout } from "../hub/frame_fanout.ts";
import type { ConnectionLimits } from "./connection_limits.ts";
import type { DispatcherHost } from "./request_dispatcher.ts";

/** A connection, as its server hears of it. */
export interface HostedConnection {
  readonly id: string;
  /** What the client called itself; undefined before. */
  readonly name: string | undefined;
  /** The wire that its peer speaks; undefined for the native one. */
  readonly dialect?: string | undefined;
}

/** What a connection needs of its server. */
export interface ConnectionHost extends Omit<DispatcherHost, "limits"> {
  readonly limits: ConnectionLimits;
  readonly fanout: FrameFanout;
  readonly traffic: { received(bytes: number, messages: number): void; sent(bytes: number): void };
  /** Whether there is room for one more, among the reserved ones for `control`. */
  hasRoom(forControl: boolean): boolean;
  /** The client has said its name, for the first time. */
  onIntroduced(connection: HostedConnection): void;
  /** Called once, when the connection has ended. */
  onClose(connection: HostedConnection, reason: string): void;
}
