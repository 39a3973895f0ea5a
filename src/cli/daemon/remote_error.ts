import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { RequestError } from "../../protocol/wire_error.ts";

/** The daemon's own error, as a person reads it: exit code 4. Other errors stay what they are. */
export function asRemoteError(error: unknown): unknown {
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
