import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected } from "../../channel/errors.ts";
import { RequestError } from "../../protocol/wire_error.ts";

/**
 * The daemon's own error, as a person reads it: exit code 4. A daemon that ended before it answered is exit
 * code 3. Other errors stay what they are.
 */
export function asRemoteError(error: unknown): unknown {
  // One with a next step says more, such as which host does not answer.
  if (error instanceof Disconnected && error.next === undefined) {
    return new HaftError("The daemon ended before it answered", {
      next: '"haft daemon logs" says why; then run the command again',
      exitCode: ExitCode.transport,
      cause: error,
    });
  }
  if (!(error instanceof RequestError)) return error;
  const next = typeof error.data === "object" && error.data !== null && "next" in error.data
    ? String(error.data.next)
    : undefined;
  // "failed" says no more than the message does.
  const name = error.errorName === "failed" ? "" : ` (${error.errorName})`;
  return new HaftError(`${error.message}${name}`, {
    exitCode: ExitCode.remote,
    cause: error,
    ...(next === undefined ? {} : { next }),
  });
}

/**
 * As {@link asRemoteError}, for a command that only happens to work through the daemon: what is not trusted
 * ends with the same exit code and name as where no daemon is needed.
 */
export function asCommandError(error: unknown): unknown {
  const remote = asRemoteError(error);
  if (!(error instanceof RequestError) || !(remote instanceof HaftError)) return remote;
  const { data } = error;
  if (typeof data !== "object" || data === null || !("untrusted" in data)) return remote;
  return new RefusedError(remote.message, remote.next === undefined ? {} : { next: remote.next });
}

/** The daemon's word that a project is not trusted. */
class RefusedError extends HaftError {
  override readonly name = "UntrustedError";
}
