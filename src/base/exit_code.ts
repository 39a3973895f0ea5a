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

/** Of a program that SIGPIPE ended, whose reader has gone: no shell says so. */
export const BROKEN_PIPE: ExitCode = 141;

/** What each exit code means, and what to do then; manual pages and docs/errors.md are made of it. */
export const EXIT_CODE_MEANINGS: Readonly<Record<keyof typeof ExitCode, { meaning: string; next: string }>> =
  {
    ok: { meaning: "Done.", next: "" },
    failed: {
      meaning: "The work failed: a tool could not be installed, or a check found a difference.",
      next: "Read the lines after `error:`; the indented one is the next step",
    },
    usage: {
      meaning: "The command line, or a file that you wrote, is wrong.",
      next: "`haft COMMAND --help`, or `haft check` for haft.toml",
    },
    transport: {
      meaning: "There is no daemon, or the connection was lost.",
      next: "`haft daemon start`; `haft doctor` where that fails",
    },
    remote: {
      meaning: "The other side answered with an error.",
      next: "Find its name among the daemon's errors",
    },
    timedOut: {
      meaning: "A time limit ran out.",
      next: "Give it more time: `--timeout`, or the task's `timeout`",
    },
    interrupted: {
      meaning: "Interrupted by Ctrl-C; 143 by SIGTERM, 129 by SIGHUP, 131 by SIGQUIT.",
      next: "Run it again; nothing is left half done",
    },
  };
