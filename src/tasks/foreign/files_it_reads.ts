/**
 * What the program of a task's file reads beside that file, and runs: files that it imports or includes, and
 * settings of the program in the same directory. All of it is trusted together.
 */
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readTextFile } from "../../base/read_text_file.ts";
import { codeVariables } from "../../tools/project/code_variables.ts";
import type { GatedParts } from "../../tools/trust/trust_store.ts";

/** Settings that name a shell, modules to load or hooks. */
export const PACKAGE_SETTINGS: readonly string[] = [
  ".npmrc",
  ".pnpmfile.cjs",
  "pnpm-workspace.yaml",
  ".yarnrc",
  ".yarnrc.yml",
  "bunfig.toml",
];

/** A file that includes ever more files ends here. */
const MOST_FILES = 100;

/** What a word in a justfile or Taskfile may stand for: a file, a module, or a directory with one. */
const ENDINGS: readonly string[] = [
  "",
  ".just",
  "/mod.just",
  "/justfile",
  "/.justfile",
  "/Taskfile.yml",
  "/Taskfile.yaml",
  "/taskfile.yml",
  "/taskfile.yaml",
];

const INCLUDED = /(?:^|\/)(?:[^/]+\.(?:just|ya?ml|env)|\.?env(?:\.[^/]+)?|\.?justfile)$/i;

/**
 * The files that a justfile or Taskfile names, and those that these name. It looks at every word: one too
 * many is only shown.
 */
export function includedFiles(path: string, text: string): string[] {
  const found = new Set([path]);
  const look = (directory: string, content: string): void => {
    for (const word of new Set([".env", ...content.match(/[\w@./~+-]{1,200}/g) ?? []])) {
      for (const ending of ENDINGS) {
        const file = join(directory, word + ending);
        if (found.size > MOST_FILES || found.has(file) || !INCLUDED.test(file) || !isFile(file)) continue;
        found.add(file);
        look(dirname(file), textOf(file));
      }
    }
  };
  look(dirname(path), text);
  found.delete(path);
  return [...found].sort();
}

/**
 * Each file that is there as a part: its name → its lines. Of variables only those that run code count, of
 * npm's settings all but the secrets.
 */
export function partsOfFiles(directory: string, files: readonly string[]): GatedParts["parts"] {
  const parts = files.filter((file) => isFile(join(directory, file))).map((file) => {
    const text = textOf(join(directory, file));
    if (VARIABLES.test(file)) return [file, codeVariables(text)] as const;
    return [file, linesOf(basename(file) === ".npmrc" ? text.replace(SECRETS, "") : text)] as const;
  });
  return Object.fromEntries(parts.filter(([, part]) => Object.keys(part).length > 0));
}

const VARIABLES = /(?:^|\/|\.)env(?:\.[^/]+)?$/i;
const SECRETS = /^.*(?:_auth|_password|username).*$/gim;

/** A text by its lines' numbers: what differs from what was trusted is shown line by line. */
export function linesOf(text: string): Record<string, string> {
  const lines = text.split("\n").map((line, at) => [`${at + 1}`, line] as const);
  return Object.fromEntries(lines.filter(([, line]) => line.trim() !== ""));
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

function textOf(path: string): string {
  try {
    return readTextFile(path);
  } catch {
    return "";
  }
}
