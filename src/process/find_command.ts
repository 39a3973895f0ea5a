import { accessSync, constants, statSync } from "node:fs";
import { delimiter, extname, isAbsolute, join, resolve } from "node:path";
import process from "node:process";
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
  { cwd, path, platform = process.platform }: {
    cwd: string;
    path: string | undefined;
    platform?: string;
  },
): string {
  const problemOfDirectory = directoryError(cwd);
  if (problemOfDirectory !== undefined) throw problemOfDirectory;
  const names = fileNames(command, platform);
  if (command.includes("/") || (platform === "win32" && command.includes("\\"))) {
    const file = names.map((name) => resolve(cwd, name)).find((name) => problemOf(name) === undefined);
    if (file !== undefined) return file;
    const asWritten = resolve(cwd, command);
    const problem = problemOf(asWritten) ?? BATCH;
    throw new HaftError(`Cannot run "${asWritten}": ${problem}`, {
      next: textInList(command) ?? nextStep(problem),
      exitCode: exitCodeOf(problem),
    });
  }
  let found: { file: string; problem: string } | undefined;
  for (const directory of (path ?? "").split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    for (const file of names.map((name) => join(directory, name))) {
      const problem = problemOf(file);
      if (problem === undefined) return file;
      if (!problem.startsWith("ENOENT")) found ??= { file, problem };
    }
    const batch = platform === "win32" ? batchFile(join(directory, command)) : undefined;
    if (batch !== undefined) found ??= { file: batch, problem: BATCH };
  }
  if (found !== undefined) {
    throw new HaftError(`Cannot run "${found.file}": ${found.problem}`, {
      next: nextStep(found.problem),
      exitCode: exitCodeOf(found.problem),
    });
  }
  throw new HaftError(`Cannot run "${command}": ENOENT, it is in no directory of its PATH`, {
    next: textInList(command) ?? whereToGet(command),
    exitCode: NOT_FOUND,
  });
}

/** As shells have them. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

function exitCodeOf(problem: string): number {
  return problem.startsWith("ENOENT") ? NOT_FOUND : NOT_EXECUTABLE;
}

/** The exit code for a command that could not be started; null when another error kept it from running. */
export function startFailureCode(error: unknown): number | null {
  const code = error instanceof HaftError ? error.exitCode : undefined;
  return code === NOT_FOUND || code === NOT_EXECUTABLE ? code : null;
}

/** Shells that a system has, and haft does not install. */
const SYSTEM_SHELLS = ["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "csh", "tcsh", "cmd", "powershell"];

function whereToGet(command: string): string {
  const isTool = /^[a-z0-9][\w.-]*$/i.test(command) && !SYSTEM_SHELLS.includes(command);
  return isTool
    ? `Correct the name, write its path, or install it: "haft search ${command}" looks for such a tool`
    : "Correct the name, or write its path";
}

/** What the system starts by itself. */
const WINDOWS_PROGRAMS = [".exe", ".com"];
const BATCH_FILES = [".cmd", ".bat"];
/** `cmd.exe` would read the words once more, and could not be given them for certain as they are. */
const BATCH = "it is a batch file, which only cmd.exe can run";

/** The names of the files that a command may mean: on Windows the ending may be left out. */
function fileNames(command: string, platform: string): string[] {
  if (platform !== "win32") return [command];
  const ending = extname(command).toLowerCase();
  if (BATCH_FILES.includes(ending)) return [];
  return WINDOWS_PROGRAMS.includes(ending) ? [command] : WINDOWS_PROGRAMS.map((end) => `${command}${end}`);
}

function batchFile(path: string): string | undefined {
  const names = BATCH_FILES.includes(extname(path).toLowerCase())
    ? [path]
    : BATCH_FILES.map((ending) => `${path}${ending}`);
  return names.find((name) => problemOf(name) === undefined);
}

/** Why nothing can run in a directory; undefined where it is one. @param cause what was tried there */
export function directoryError(cwd: string, cause?: unknown): HaftError | undefined {
  const stat = statSync(cwd, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) return undefined;
  return new HaftError(
    `Cannot run in "${cwd}": ${
      stat === undefined ? "ENOENT, it does not exist" : "ENOTDIR, it is no directory"
    }`,
    { next: 'Make the directory, or change "cwd"', cause },
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

/** Several commands in a list, as other tools write them. */
function textInList(command: string): string | undefined {
  if (!/\s/.test(command.trim())) return undefined;
  return "A list of texts is one program and its words; several commands are the lines of one text";
}

function nextStep(problem: string): string {
  if (problem === BATCH) return "Write the command as a text, which cmd.exe runs, and not as a list";
  return problem === "EACCES, it is not executable"
    ? "Make it executable (chmod +x), or name its interpreter first"
    : "Correct the command";
}
