/**
 * Every limit of the transport, in one place. Each is enforced in the module that its comment names, and
 * tested at the limit and one past it. Sizes are bytes, times are milliseconds.
 */
export const LIMITS = {
  /** One frame before the peer has said who it is (the daemon's connections). */
  frameBeforeHello: 64 * 1024,
  /** One frame, unless a setting says otherwise (framing). */
  frame: 1024 * 1024,
  /**
   * What such a setting can say at most: the fourth byte of a length stays 0, which tells the framings apart.
   */
  frameCeiling: 16 * 1024 * 1024 - 1,
  /** Objects and arrays inside each other (framing). */
  jsonNesting: 64,
  /** Object keys in one frame (framing). */
  jsonKeys: 10_000,
  /** All answers in parts of one connection that have begun and not ended, and the keys of one (channel). */
  answer: 64 * 1024 * 1024,
  answerKeys: 1_000_000,
  /** Of an answer's text, how much goes as one part (channel). */
  answerPart: 64 * 1024,
  /** Queued output above which a sender waits (channel). */
  outputSoft: 1024 * 1024,
  /** Queued output above which a send fails (channel). */
  outputHard: 8 * 1024 * 1024,
  /** Sends of one channel that wait for room; the next one fails (channel). */
  waitingSends: 65_536,
  /** Unread messages, and their bytes, above which the socket is not read (channel). */
  unreadMessages: 1024,
  unreadBytes: 1024 * 1024,
  /** Open connections of a server; never above the descriptor limit less {@link reservedDescriptors}. */
  connections: 256,
  /** Connections that have not sent their first frame. */
  unauthenticatedConnections: 64,
  reservedDescriptors: 128,
  /** From accept to the first bytes of the first frame (a server's option). */
  firstFrameTimeout: 2_000,
  /** From the first to the last byte of a frame. */
  frameTimeout: 10_000,
  /** Without any progress of queued output (a server's option). */
  drainTimeout: 10_000,
  /** How long a close waits for queued output to be taken. */
  closeTimeout: 2_000,
  /** A socket's path (`sun_path` less its terminating zero); a pipe's. */
  socketPath: { linux: 107, darwin: 103, win32: 256 },
} as const;
