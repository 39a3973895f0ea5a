import { ExitCode } from "./exit_code.ts";

export interface HaftErrorOptions {
  /** What the user can do about it; printed on a line of its own, e.g. `Run "haft sync" first`. */
  next?: string;
  /** How the process ends when nothing else handles the error. Default 1. */
  exitCode?: ExitCode;
  cause?: unknown;
}

/**
 * A failure whose text is written for the person at the terminal: what happened, where, and the next step.
 * Built-in classes serve for everything that only a programmer would read.
 */
export class HaftError extends Error {
  override readonly name: string = "HaftError";
  readonly next: string | undefined;
  readonly exitCode: ExitCode;

  constructor(message: string, options: HaftErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.next = options.next;
    this.exitCode = options.exitCode ?? ExitCode.failed;
  }
}

/** The command line, or a file that the user wrote, is wrong. Exit code 2. */
export class UsageError extends HaftError {
  override readonly name: string = "UsageError";

  constructor(message: string, options: Omit<HaftErrorOptions, "exitCode"> = {}) {
    super(message, { ...options, exitCode: ExitCode.usage });
  }
}

/** The error as one that is written for a person; what is one already stays as it is. */
export function asHaftError(error: unknown): HaftError {
  return error instanceof HaftError ? error : new HaftError(errorMessage(error), { cause: error });
}

/** The text of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error such as `ENOENT`, whichever runtime threw it. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The system names no path for what is done with an open file: the error, with its path. */
export function withPath(error: unknown, path: string): unknown {
  if (!(error instanceof Error)) return error;
  return "path" in error && error.path !== undefined ? error : Object.assign(error, { path });
}

/** What went wrong, and what to do about it. */
export function errorInOneLine(error: unknown): string {
  const next = error instanceof HaftError ? error.next ?? "" : "";
  const further = next === "" ? "" : `; ${next.charAt(0).toLowerCase()}${next.slice(1)}`;
  return `${errorMessage(error)}${further}`;
}
