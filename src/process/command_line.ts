/**
 * How haft runs a command. A list is a program and its words, without a shell. A text is run by a shell;
 * when its first line is `#!…`, it is a script of that interpreter. Apps, tasks and backends all resolve
 * their commands here.
 */
import { renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { readOrSetAside } from "../base/set_aside.ts";
import { makePrivateDirectory } from "../base/private_directory.ts";
import { findCommand } from "./find_command.ts";

/** A list of words, or a text for a shell. */
export type CommandLine = string | readonly string[];

export interface CommandContext {
  /** What the caller adds: where the command says `{{args}}` or `$@`, else at its end. */
  args?: readonly string[];
  /** The shell and its flags, before the text; the system's own shell by default. */
  shell?: readonly string[] | undefined;
  /** `$0` in a shell. */
  name?: string;
  /** Where texts that begin with `#!` become files. */
  scripts: string;
}

/** The words that run a command. */
export interface CommandWords {
  words: string[];
  /** The last word is already quoted for Windows' command processor. */
  verbatim: boolean;
}

/** A program as the system starts it. */
export interface Program {
  /** Absolute path. */
  file: string;
  args: string[];
  verbatim: boolean;
}

const ARGS = "{{args}}";
const POSIX_SHELLS: ReadonlySet<string> = new Set(["sh", "bash", "dash", "zsh", "ksh", "mksh", "ash"]);
const POSIX_ARGUMENTS = /\$(?:[@*#1-9]|\{[@*#1-9])/;

/**
 * @throws {HaftError} naming the program, when it is not there or cannot be run
 */
export function resolveProgram(
  command: CommandLine,
  { cwd, path, ...context }: CommandContext & { cwd: string; path: string | undefined },
): Program {
  const { words: [name = "", ...args], verbatim } = commandWords(command, context);
  return { file: findCommand(name, { cwd, path }), args, verbatim };
}

/** The words of a command, with the shell or the interpreter that runs it first. */
export function commandWords(
  command: CommandLine,
  context: CommandContext,
  platform: string = process.platform,
): CommandWords {
  const { args = [] } = context;
  if (typeof command !== "string") return { words: placeWords(command, args), verbatim: false };
  const text = command.replace(/^\s*\n/, "").trimEnd();
  if (text.startsWith("#!")) {
    const script = writeScript(placeQuoted(text, args, quotePosix), context.scripts);
    const more = text.includes(ARGS) ? [] : args;
    return { words: [...interpreter(text, platform), script, ...more], verbatim: false };
  }
  const shell = context.shell ?? (platform === "win32" ? ["cmd.exe", "/d", "/s", "/c"] : ["sh", "-c"]);
  return shellWords(text, { shell, args, name: context.name ?? "haft" });
}

/** How a command reads in a list or a status. */
export function showCommand(command: CommandLine, args: readonly string[] = []): string[] {
  return typeof command === "string" ? [command, ...args] : [...command, ...args];
}

function placeWords(command: readonly string[], args: readonly string[]): string[] {
  if (!command.includes(ARGS)) return [...command, ...args];
  return command.flatMap((word) => word === ARGS ? [...args] : [word]);
}

function shellWords(
  text: string,
  { shell, args, name }: { shell: readonly string[]; args: readonly string[]; name: string },
): CommandWords {
  const program = basename(shell[0] ?? "").replace(/\.exe$/i, "").toLowerCase();
  if (POSIX_SHELLS.has(program)) {
    const placed = text.includes(ARGS) || POSIX_ARGUMENTS.test(text) || args.length === 0;
    const body = placeQuoted(placed ? text : `${text} "$@"`, args, quotePosix);
    return { words: [...shell, stopAtFailure(body), name, ...args], verbatim: false };
  }
  if (program === "cmd") {
    const body = text.split(/\r?\n/).filter((line) => line.trim() !== "").join(" && ");
    return { words: [...shell, `"${append(body, args, quoteCmd)}"`], verbatim: true };
  }
  if (program === "pwsh" || program === "powershell") {
    const body = append(text, args, quotePowerShell);
    return {
      words: [...shell, body.includes("\n") ? `$ErrorActionPreference = 'Stop'\n${body}` : body],
      verbatim: false,
    };
  }
  const body = append(text, args, quotePosix);
  return { words: [...shell, body], verbatim: false };
}

/** A script of several lines ends with the first that fails. */
function stopAtFailure(text: string): string {
  return text.includes("\n") ? `set -e\n${text}` : text;
}

type Quote = (word: string) => string;

function placeQuoted(text: string, args: readonly string[], quote: Quote): string {
  return text.replaceAll(ARGS, () => args.map(quote).join(" "));
}

function append(text: string, args: readonly string[], quote: Quote): string {
  if (text.includes(ARGS)) return placeQuoted(text, args, quote);
  return [text, ...args.map(quote)].join(" ");
}

export function quotePosix(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function quoteCmd(word: string): string {
  return /^[\w+=:,./\\-]+$/.test(word) ? word : `"${word.replaceAll('"', '""')}"`;
}

function quotePowerShell(word: string): string {
  return `'${word.replaceAll("'", "''")}'`;
}

/**
 * The program of a `#!` line with its one argument, as a kernel reads it; Windows looks the name up on PATH.
 */
function interpreter(text: string, platform: string): string[] {
  const [, file = "", argument = ""] = /^#!\s*(\S+)[ \t]*(.*?)\s*$/m.exec(text) ?? [];
  if (platform !== "win32") return argument === "" ? [file] : [file, argument];
  const words = argument.split(/\s+/).filter((word) => word !== "" && word !== "-S");
  return basename(file) === "env" ? words : [basename(file), ...words];
}

/**
 * A file is named after its content, so that each script is written once, and again when it is damaged.
 */
function writeScript(text: string, directory: string): string {
  // Loaded for scripts alone: it takes a millisecond.
  const { createHash } = process.getBuiltinModule("node:crypto");
  const path = join(directory, createHash("sha256").update(text).digest("hex").slice(0, 32));
  if (isStill(path, `${text}\n`)) return path;
  makePrivateDirectory(directory);
  const staged = `${path}.${process.pid}`;
  writeFileSync(staged, `${text}\n`, { mode: 0o700 });
  renameSync(staged, path);
  return path;
}

function isStill(path: string, text: string): boolean {
  return readOrSetAside(path, (found) => {
    if (found !== text) throw new RangeError("it is another script");
    return true;
  }) ?? false;
}
