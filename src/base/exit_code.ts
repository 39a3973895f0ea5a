/**
 * Every exit code haft can end with. Scripts may rely on these; they are listed in `haft --help` and the
 * README.
 */
export const ExitCode = {
  /** Done. */
  ok: 0,
  /** The work failed: a tool could not be installed, a check found a difference. */
  failed: 1,
  /** The command line or a file written by the user is wrong. */
  usage: 2,
  /** No daemon, or the connection was lost. */
  transport: 3,
  /** The other side answered with an error. */
  remote: 4,
  /** A time limit ran out. */
  timedOut: 124,
  /** Ctrl-C (128 + SIGINT). */
  interrupted: 130,
} as const;

export type ExitCode = number;
