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
import { UsageError } from "../base/errors.ts";
import { findCommand } from "./find_command.ts";
import { placeInShell } from "./shell_text.ts";

/** A list of words, or a text for a shell. */
export type CommandLine = string | readonly string[];

export interface CommandContext {
  /** What the caller adds: where the command says `{{args}}` or `$@`, else at its end. */
  args?: readonly string[];
  /** What `{{NAME}}` stands for; the command finds it as the variable HAFT_ARG_NAME, too. */
  values?: Readonly<Record<string, string>> | undefined;
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
const PLACEHOLDER = /\{\{\s*(?:args\.)?([A-Za-z][\w-]*)\s*\}\}/g;
/** Words that mean themselves in every shell and interpreter. */
const PLAIN = /^[\w@%+=:,./-]*$/;

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
  const { args = [], values = {}, name = "haft" } = context;
  if (typeof command !== "string") return { words: listWords(command, args, values), verbatim: false };
  const text = command.replace(/^\s*\n/, "").trimEnd();
  if (text.startsWith("#!")) return scriptWords(text, { ...context, args, values }, platform);
  const shell = context.shell ?? (platform === "win32" ? ["cmd.exe", "/d", "/s", "/c"] : ["sh", "-c"]);
  return shellWords(text, { shell, args, values, name });
}

interface Given {
  args: readonly string[];
  values: Readonly<Record<string, string>>;
}

/** A shell of the list gets values as variables, as in a text; other programs get them as they are. */
function listWords(command: readonly string[], args: readonly string[], values: Given["values"]): string[] {
  const flag = isPosixShell(command[0]) ? command.findIndex((word) => /^-\w*c$/.test(word)) : -1;
  return placeWords(command, args).map((word, index) =>
    flag !== -1 && index === flag + 1
      ? placeInShell(word, (name) => name === "args" ? undefined : variablesOf(name, values)).text
      : word.replaceAll(PLACEHOLDER, (whole, name: string) => values[name] ?? whole)
  );
}

function variablesOf(name: string, values: Given["values"]): string[] | undefined {
  return values[name] === undefined ? undefined : [argumentVariable(name)];
}

/** The names of the `{{…}}` in a command. */
export function placeholdersOf(command: CommandLine): string[] {
  const texts = typeof command === "string" ? [command] : command;
  return texts.flatMap((text) => [...text.matchAll(PLACEHOLDER)].map(([, name = ""]) => name));
}

/** The variable by which a command finds a parameter. */
export function argumentVariable(name: string): string {
  return `HAFT_ARG_${name.replaceAll("-", "_").toUpperCase()}`;
}

/** A text of `#!sh` is a shell's; any other program gets words and values as arguments and variables. */
function scriptWords(
  text: string,
  { args, values, scripts }: Given & Pick<CommandContext, "scripts">,
  platform: string,
): CommandWords {
  const program = interpreter(text, platform);
  const end = text.includes("\n") ? text.indexOf("\n") + 1 : text.length;
  const [first, rest] = [text.slice(0, end), text.slice(end)];
  const body = program.some((word) => isPosixShell(word))
    ? placePosix(rest, { args, values }).text
    : rest.replaceAll(PLACEHOLDER, (whole, name: string) => plain(whole, name, { args, values }));
  return { words: [...program, writeScript(first + body, scripts), ...args], verbatim: false };
}

/** @throws {UsageError} for a value that could be code where it stands */
function plain(whole: string, name: string, { args, values }: Given): string {
  const words = name === "args" ? args : values[name] === undefined ? undefined : [values[name]];
  if (words === undefined) return whole;
  if (words.every((word) => PLAIN.test(word))) return words.join(" ");
  throw new UsageError(`${whole} would put ${JSON.stringify(words.join(" "))} into the text as code`, {
    next: name === "args"
      ? "Read the words from the program's arguments instead"
      : `Read the variable ${argumentVariable(name)} instead`,
  });
}

/** Words and values as variables: `{{args}}` as `$haft_1` and so on, which functions see as well. */
function placePosix(text: string, { args, values }: Given) {
  let usesArgs = false;
  const placed = placeInShell(text, (name) => {
    if (name !== "args" || values[name] !== undefined) return variablesOf(name, values);
    usesArgs = true;
    return args.map((_, index) => `haft_${index + 1}`);
  });
  const set = args.map((_, index) => `haft_${index + 1}=\${${index + 1}}`).join(" ");
  return { ...placed, usesArgs, text: usesArgs && set !== "" ? `${set}; ${placed.text}` : placed.text };
}

function isPosixShell(program: string | undefined): boolean {
  return POSIX_SHELLS.has(programName(program));
}

function programName(program = ""): string {
  return basename(program).replace(/\.exe$/i, "").toLowerCase();
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
  { shell, args, values, name }: Given & { shell: readonly string[]; name: string },
): CommandWords {
  const program = programName(shell[0]);
  if (POSIX_SHELLS.has(program)) {
    const { text: body, words, usesArgs, takesMore } = placePosix(text, { args, values });
    const append = args.length > 0 && words === 0 && !usesArgs;
    if (append && !takesMore) throw noWords(name, args);
    if (words > 0 && args.length > words && !usesArgs) throw tooManyWords(name, { args, words });
    return {
      words: [...shell, stopAtFailure(append ? `${body} "$@"` : body), name, ...args],
      verbatim: false,
    };
  }
  if (program === "cmd") {
    const body = text.split(/\r?\n/).filter((line) => line.trim() !== "").join(" && ");
    return { words: [...shell, `"${fill(body, { args, values }, quoteCmd)}"`], verbatim: true };
  }
  if (program === "pwsh" || program === "powershell") {
    const body = fill(text, { args, values }, quotePowerShell);
    return {
      words: [...shell, body.includes("\n") ? `$ErrorActionPreference = 'Stop'\n${body}` : body],
      verbatim: false,
    };
  }
  return {
    words: [...shell, fill(text, { args, values }, program === "fish" ? quoteFish : quotePosix)],
    verbatim: false,
  };
}

function noWords(name: string, args: readonly string[]): UsageError {
  return new UsageError(`The text of "${name}" ends with what takes no words: ${args.join(" ")}`, {
    next: 'Write "$@" or {{args}} in its text where they belong',
  });
}

function tooManyWords(name: string, { args, words }: { args: readonly string[]; words: number }): UsageError {
  const without = args.slice(words);
  const takes = words === 1 ? "one word" : `${words} words`;
  const has = without.length === 1 ? "has" : "have";
  return new UsageError(`The text of "${name}" takes ${takes}; ${without.join(" ")} ${has} no place`, {
    next: 'Write "$@" or {{args}} in its text for as many as there are',
  });
}

/** Words and values in the text of a shell whose quotes are not read: within quotes only plain ones. */
function fill(text: string, { args, values }: Given, quote: Quote): string {
  let [placed, last] = ["", 0];
  let hasArgs = false;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const [whole, name = ""] = match;
    hasArgs ||= name === "args";
    const words = name === "args" ? args : values[name] === undefined ? undefined : [values[name]];
    const inQuotes = ['"', "'"].some((one) => text.slice(0, match.index).split(one).length % 2 === 0);
    placed += text.slice(last, match.index) +
      (words === undefined || inQuotes ? plain(whole, name, { args, values }) : words.map(quote).join(" "));
    last = match.index + whole.length;
  }
  placed += text.slice(last);
  return hasArgs ? placed : [placed, ...args.map(quote)].join(" ");
}

/** A script of several lines ends with the first that fails. */
function stopAtFailure(text: string): string {
  return text.includes("\n") ? `set -e\n${text}` : text;
}

type Quote = (word: string) => string;

export function quotePosix(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A backslash counts in fish's single quotes. */
function quoteFish(word: string): string {
  return PLAIN.test(word) && word !== "" ? word : `'${word.replaceAll(/[\\']/g, "\\$&")}'`;
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
