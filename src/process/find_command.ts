import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { errorCode, HaftError } from "../base/errors.ts";

/**
 * The absolute path of what a command runs: below `cwd` when it is a path, else on the PATH that the app
 * itself will have. Looked up here and not by the runtime, which takes this process's PATH, and whose errors
 * do not say where it looked.
 *
 * @throws {HaftError} naming the path, with the system's reason
 */
export function findCommand(
  command: string,
  { cwd, path }: { cwd: string; path: string | undefined },
): string {
  requireDirectory(cwd);
  if (command.includes("/")) {
    const file = resolve(cwd, command);
    const problem = problemOf(file);
    if (problem === undefined) return file;
    throw new HaftError(`Cannot run "${file}": ${problem}`, { next: nextStep(problem) });
  }
  let found: { file: string; problem: string } | undefined;
  for (const directory of (path ?? "").split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const file = join(directory, command);
    const problem = problemOf(file);
    if (problem === undefined) return file;
    if (!problem.startsWith("ENOENT")) found ??= { file, problem };
  }
  if (found !== undefined) {
    throw new HaftError(`Cannot run "${found.file}": ${found.problem}`, { next: nextStep(found.problem) });
  }
  throw new HaftError(`Cannot run "${command}": ENOENT, it is in no directory of the app's PATH`, {
    next: `Install it, add it with "haft use ${command}", or write its path`,
  });
}

function requireDirectory(cwd: string): void {
  const stat = statSync(cwd, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) return;
  throw new HaftError(
    `Cannot run in "${cwd}": ${
      stat === undefined ? "ENOENT, it does not exist" : "ENOTDIR, it is no directory"
    }`,
    { next: 'Make the directory, or change "cwd"' },
  );
}

function problemOf(file: string): string | undefined {
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) return "EACCES, it is a directory";
    accessSync(file, constants.X_OK);
    return undefined;
  } catch (error) {
    const code = errorCode(error) ?? "EIO";
    if (code === "ENOENT" || code === "ENOTDIR") return "ENOENT, it does not exist";
    return code === "EACCES" ? "EACCES, it is not executable" : code;
  }
}

function nextStep(problem: string): string {
  return problem === "EACCES, it is not executable"
    ? "Make it executable (chmod +x), or name its interpreter first"
    : "Correct the app's command";
}
