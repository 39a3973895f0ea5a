import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { Buffer } from "node:buffer";
import { HaftError } from "../base/errors.ts";
import { findCommand } from "./find_command.ts";

/** What a POSIX shell runs itself, and so is no file to look for. */
const BUILTINS: ReadonlySet<string> = new Set(
  ("alias bg bind break builtin case cd command continue declare dirs do done echo enable eval exec exit export " +
    "false fc fg for function getopts hash help history if jobs kill let local logout popd printf pushd pwd " +
    "read readonly return select set shift shopt source test time times trap true type typeset ulimit umask " +
    "unalias unset until wait while . : [ [[ {").split(" "),
);

/** A text without any of these is one program and its words. */
const SHELL_SYNTAX = /[|&;<>()$`\\"'*?[\]{}#~=%!\n]/;

/**
 * Looks for the program of a text that a shell would only pass on. The shell would end with 127, which looks
 * like a crash of the app: it would be restarted again and again.
 *
 * @throws {HaftError} naming the program, when it is not there or cannot be run
 */
export function requireProgram(text: string, { cwd, path }: { cwd: string; path: string | undefined }): void {
  if (SHELL_SYNTAX.test(text.trim())) return;
  const [name = ""] = text.trim().split(/\s+/);
  if (name === "" || BUILTINS.has(name)) return;
  requireInterpreter(findCommand(name, { cwd, path }));
}

function requireInterpreter(file: string): void {
  const [, interpreter] = /^#![ \t]*(\/[^\s\0]+)/.exec(beginningOf(file)) ?? [];
  if (interpreter === undefined || existsSync(interpreter)) return;
  throw new HaftError(`Cannot run "${file}": ENOENT, its interpreter "${interpreter}" does not exist`, {
    next: "Correct its first line, or install the interpreter",
  });
}

function beginningOf(file: string): string {
  const buffer = Buffer.alloc(256);
  try {
    const descriptor = openSync(file, "r");
    try {
      return buffer.toString("latin1", 0, readSync(descriptor, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // One may run a file that one may not read.
    return "";
  }
}
