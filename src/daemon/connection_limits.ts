import { LIMITS } from "../socket/limits.ts";
import type { PeerLimits } from "../socket/peer_clock.ts";

/** What one connection, and all of them together, may use. Times are milliseconds, sizes bytes. */
export interface ConnectionLimits extends PeerLimits {
  connections: number;
  /** Connections that have not sent their first frame. */
  silentConnections: number;
  /** How long a new connection may be silent before it makes way for others. */
  silentGraceMs: number;
  /** Further connections, for clients that say hello with the capability `control`. */
  reservedConnections: number;
  frameBeforeHello: number;
  frame: number;
  outputSoft: number;
  outputHard: number;
  subscriptions: number;
  requestsInFlight: number;
  requestTimeoutMs: number;
}

export const CONNECTION_LIMITS: Readonly<ConnectionLimits> = {
  connections: LIMITS.connections,
  silentConnections: LIMITS.unauthenticatedConnections,
  silentGraceMs: 1_000,
  reservedConnections: 8,
  // The daemon's endpoint is also for people with `nc -U`: it waits longer for a first frame than a dialect's
  // does.
  firstFrameTimeoutMs: 60_000,
  frameTimeoutMs: LIMITS.frameTimeout,
  drainTimeoutMs: LIMITS.drainTimeout,
  keepAliveMs: 120_000,
  frameBeforeHello: LIMITS.frameBeforeHello,
  frame: LIMITS.frame,
  outputSoft: LIMITS.outputSoft,
  outputHard: LIMITS.outputHard,
  subscriptions: 512,
  requestsInFlight: 128,
  requestTimeoutMs: 30_000,
};

/** How long a connection that is one too many may take to say what it wants. */
export const REFUSED_MS = 2_000;
/** Silence after which a peer's few bytes are all that it meant to send for now. */
export const PAUSE_MS = 500;
