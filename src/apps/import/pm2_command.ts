import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { Buffer } from "node:buffer";
import { extname, isAbsolute, join, sep } from "node:path";
import type { Draft } from "./draft.ts";
import { asText, asTexts, Mismatch, splitWords, type Table } from "./values.ts";

/** What runs a script, by its ending: pm2's own table. */
const INTERPRETERS: Readonly<Record<string, string>> = {
  ".sh": "bash",
  ".py": "python3",
  ".rb": "ruby",
  ".php": "php",
  ".pl": "perl",
  ".js": "node",
  ".cjs": "node",
  ".mjs": "node",
  ".coffee": "coffee",
  ".ls": "lsc",
  ".ts": "bun",
  ".tsx": "bun",
};

/** The command of `script`, `interpreter`, `interpreter_args` and `args`, as pm2 puts it together. */
export function setPm2Command(app: Table, draft: Draft, directory: string): void {
  const script = textOf(app, "script", "exec");
  if (script === undefined) return;
  const args = wordsOf(app, draft, "args");
  const chosen = textOf(app, "interpreter", "exec_interpreter");
  const flags = ["node_args", "interpreter_args", "interpreterArgs"].flatMap((key) =>
    wordsOf(app, draft, key)
  );
  const cwd = typeof app["cwd"] === "string"
    ? join(isAbsolute(app["cwd"]) ? "" : directory, app["cwd"])
    : directory;
  const file = isAbsolute(script) ? script : join(cwd, script);
  if (/\s/.test(script.trim()) && !isFile(file) && (chosen === undefined || chosen === "none")) {
    // pm2 hands a script of several words to a shell.
    draft.set("command", script.trim());
  } else {
    const interpreter = chosen ?? usualInterpreter(script, file);
    const runs = interpreter === "none" || interpreter === ""
      ? [isFile(file) && !script.includes("/") && !script.includes(sep) ? `./${script}` : script]
      : [interpreter, ...flags, ...script.startsWith("-") ? splitWords(script) : [script]];
    if (runs.length === 1 && flags.length > 0) {
      draft.note("interpreter_args", "no interpreter runs the script");
    }
    draft.set("command", runs);
    if (interpreter === "bun" && chosen === undefined) {
      draft.note("script", "pm2 runs TypeScript by bun; name another interpreter in the command if need be");
    }
  }
  if (args.length > 0) draft.set("args", args);
}

function usualInterpreter(script: string, file: string): string {
  const known = INTERPRETERS[extname(script).toLowerCase()];
  if (known !== undefined) return known;
  // pm2 runs text files without an ending by node; a name that is no file is a command on PATH.
  return isFile(file) && !isProgram(file) ? "node" : "none";
}

function textOf(app: Table, ...keys: string[]): string | undefined {
  const found = keys.map((key) => app[key]).find((value) => value !== undefined && value !== null);
  return found === undefined ? undefined : asText(found);
}

function wordsOf(app: Table, draft: Draft, key: string): string[] {
  const value = app[key];
  if (value === undefined || value === null) return [];
  try {
    return Array.isArray(value) ? asTexts(value) : splitWords(asText(value));
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    draft.note(key, error.message);
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Whether the system runs it by itself: no text, or a text that names its interpreter. */
function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    const descriptor = openSync(path, "r");
    try {
      const start = Buffer.alloc(4);
      readSync(descriptor, start, 0, 4, 0);
      return start.toString("latin1", 0, 2) === "#!" || start.includes(0) || start[0] === 0x7f;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}
