/**
 * Other systems' wires, so that their clients work as they are. A dialect translates: what its peer says
 * becomes requests of an ordinary client of the daemon, and answers and events become what the peer expects.
 * It holds no logic, and the limits of the daemon's connections hold for it, too.
 */
import type { DaemonEvent } from "../protocol/events.ts";
import type { Framing } from "../socket/framing/framing.ts";
import type { DaemonLink } from "./daemon_link.ts";

export interface DialectPeer {
  /**
   * Queues one message for the peer.
   *
   * @throws {FrameError} when the peer would refuse it as too large, too deep or with too many keys
   */
  send(value: unknown): void;
  /** The peer does not read what it was sent: what can wait should. */
  readonly full: boolean;
}

/** The daemon as a session sees it. */
export type Daemon = Pick<DaemonLink, "clientId" | "request" | "requestAny">;

/** One connection of a peer. */
export interface DialectSession {
  /** Deals with one message; the next one waits until it resolves. Never rejects. */
  message(value: unknown): Promise<void>;
  /**
   * An event of the daemon's stream, or a notice, for this client.
   *
   * @throws {FrameError} when the peer's words for it are no frame; it is then told that it missed the event
   */
  heard(event: DaemonEvent): void;
  /** The connection has ended. */
  ended?(): void;
  /** Called now and then, about every 15 s. */
  tick?(): void;
}

export interface Dialect {
  /** As `--listen NAME=PATH` calls it. */
  readonly name: string;
  /** `form-feed`: a JSON text and 0x0c, as node-ipc has it. */
  readonly framing: Framing | "form-feed";
  /** Bytes of the longest message. */
  readonly maxFrameBytes: number;
  /** Whether its clients may listen for ever without a word of their own. */
  readonly mayStaySilent: boolean;
  open(peer: DialectPeer, daemon: Daemon): DialectSession;
  /** An error in the peer's words, for one that comes before there is a session, too. */
  complaint(message: string): unknown;
}
