import { errorCode, errorMessage, HaftError } from "../base/errors.ts";
import { directoryError } from "./find_command.ts";

/**
 * Why the system did not start a program that was found. It says ENOENT as well where only the directory to
 * run in has been removed since.
 *
 * @param cause the system's error
 */
export function startError({ file, cwd }: { file: string; cwd: string }, cause: unknown): HaftError {
  return directoryError(cwd, cause) ??
    new HaftError(`Cannot run "${file}": ${errorCode(cause) ?? errorMessage(cause)}`, {
      next: "Look whether it, and the interpreter that its first line names, can be run by this user",
      cause,
    });
}
