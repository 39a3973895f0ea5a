import { errorMessage, HaftError } from "../base/errors.ts";
import { ChannelError } from "../channel/errors.ts";
import type { InstallConfig } from "../protocol/install.ts";
import { type Child, type ChildExit, exitWithin, lastLine } from "./child_process.ts";
import { NonsenseError, SilenceError } from "./install_conversation.ts";

/** How long the parent of an install waits, in milliseconds. */
export interface InstallChildLimits {
  /** From the start of the child to its connection. */
  connect: number;
  /** Without any progress. */
  silence: number;
  /** From `completed` to the child's end. */
  farewell: number;
  /** From SIGTERM to SIGKILL. */
  grace: number;
}

/** The child ended before it had said how its install went, or with another exit code than it had said. */
export class EndedError extends Error {
  override readonly name = "EndedError";
  readonly exit: ChildExit;

  constructor(exit: ChildExit) {
    super(describeExit(exit));
    this.exit = exit;
  }
}

/** The child did not connect in time. */
export class NotConnectedError extends Error {
  override readonly name = "NotConnectedError";
}

/** Milliseconds that a child whose connection is gone has to end, so that its exit code can be told. */
const LAST_MOMENT = 1_000;

export interface FailureContext {
  config: InstallConfig;
  child: Child | undefined;
  limits: InstallChildLimits;
}

/** Puts into words, for the person who waits for the tool, what went wrong between haft and its child. */
export async function explainFailure(
  error: unknown,
  { config, child, limits }: FailureContext,
): Promise<HaftError> {
  if (error instanceof HaftError && !(error instanceof ChannelError)) {
    // The child's own reason: let it clean up after itself before it is stopped.
    if (child !== undefined) await exitWithin(child, limits.farewell);
    return error;
  }
  const words = await describe(error, { child, limits });
  const last = lastLine(child?.lastWords() ?? "");
  return new HaftError(`The install process ${words}${last === "" ? "" : `; its last words: ${last}`}`, {
    next: `Run "haft install ${config.tool_name}@${config.version}" to see it fail by itself`,
    cause: error,
  });
}

async function describe(
  error: unknown,
  { child, limits }: { child: Child | undefined; limits: InstallChildLimits },
): Promise<string> {
  if (error instanceof EndedError) return `ended without a result (${describeExit(error.exit)})`;
  if (error instanceof NotConnectedError) return `did not connect within ${seconds(limits.connect)}`;
  if (error instanceof NonsenseError) return `broke the install protocol: ${error.message}`;
  const kind = error instanceof ChannelError ? error.kind : undefined;
  if (error instanceof SilenceError || kind === "timed-out") {
    return `made no progress for ${seconds(limits.silence)} and was stopped`;
  }
  if (kind === "disconnected") {
    const exit = child === undefined ? undefined : await exitWithin(child, LAST_MOMENT);
    return exit === undefined
      ? "closed its channel before it was done"
      : `ended without a result (${describeExit(exit)})`;
  }
  return `broke the install protocol: ${errorMessage(error)}`;
}

export function describeExit({ code, signal }: ChildExit): string {
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`;
}
