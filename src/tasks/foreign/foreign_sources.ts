/** Files of other programs that declare tasks: npm's scripts, mise, just and Task. */
import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parse } from "smol-toml";
import { readTextFile } from "../../base/read_text_file.ts";
import type { GatedParts } from "../../tools/trust/trust_store.ts";
import { includedFiles, linesOf, PACKAGE_SETTINGS, partsOfFiles } from "./files_it_reads.ts";
import { readJustfile } from "./justfile.ts";

export interface ForeignTask {
  name: string;
  description: string | undefined;
  aliases?: string[];
  /** Left out of lists. */
  hidden?: boolean;
  /** Without the caller's words. */
  command: string[];
}

interface Source {
  files: readonly string[];
  read: (file: string, text: string) => ForeignTask[];
  /** What its program runs; by default all of the file and of those that it includes. */
  runs?: (file: string, text: string) => GatedParts["parts"];
}

const SOURCES: readonly Source[] = [
  {
    files: ["package.json"],
    runs: (file, text) => ({
      scripts: (JSON.parse(text) as { scripts?: unknown }).scripts,
      ...partsOfFiles(dirname(file), PACKAGE_SETTINGS),
    }),
    read(file, text) {
      const { scripts = {} } = JSON.parse(text) as { scripts?: Record<string, string> };
      const directory = join(file, "..");
      const runner =
        [["pnpm-lock.yaml", "pnpm"], ["yarn.lock", "yarn"], ["bun.lock", "bun"], ["bun.lockb", "bun"]]
          .find(([lock = ""]) => existsSync(join(directory, lock)))?.[1] ?? "npm";
      const words = runner === "npm" ? ["npm", "run", "--silent"] : [runner, "run"];
      return Object.entries(scripts).map(([name, script]) => ({
        name,
        description: script,
        command: [...words, name, ...(runner === "npm" ? ["--"] : [])],
      }));
    },
  },
  {
    files: ["mise.toml", ".mise.toml"],
    read(_, text) {
      const { tasks = {} } = parse(text) as { tasks?: Record<string, unknown> };
      return Object.entries(tasks).map(([name, table]) => {
        const task = typeof table === "object" && table !== null && !Array.isArray(table) ? { ...table } : {};
        const { description, alias = [], hide } = task as Record<string, unknown>;
        return {
          name,
          description: typeof description === "string" ? description : undefined,
          aliases: [alias].flat().filter((one) => typeof one === "string"),
          hidden: hide === true,
          command: ["mise", "run", name],
        };
      });
    },
  },
  {
    files: ["justfile", "Justfile", ".justfile"],
    read: (file, text) => readJustfile(file, text).map((one) => ({ ...one, command: ["just", one.name] })),
  },
  {
    files: ["Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml"],
    read: (_, text) =>
      namesAbove(text.slice(Math.max(0, text.search(/^tasks:/m))), /^ {2}(['"]?)([\w:-]+)\1:/, 2).map((
        one,
      ) => ({
        ...one,
        command: ["task", one.name],
      })),
  },
];

/** The names of all these files. */
export const SOURCE_FILES: readonly string[] = SOURCES.flatMap(({ files }) => files);

/** The files of other programs in a directory, each with its tasks. */
export function foreignFiles(directory: string): { file: string; tasks: ForeignTask[] }[] {
  return SOURCES.flatMap(({ files, read }) => {
    const file = files.map((name) => join(directory, name)).find((path) => existsSync(path));
    if (file === undefined) return [];
    try {
      return [{ file, tasks: read(file, readTextFile(file)) }];
    } catch {
      // Another program's file is that program's to complain about.
      return [];
    }
  });
}

/**
 * What another program's file of tasks can run.
 *
 * @returns undefined for a file that is none of these
 */
export function gatedFile(file: string): GatedParts | undefined {
  const source = SOURCES.find(({ files }) => files.includes(basename(file)));
  if (source === undefined) return undefined;
  return { path: file, files: [file], parts: (source.runs ?? withIncluded)(file, readTextFile(file)) };
}

function withIncluded(file: string, text: string): GatedParts["parts"] {
  const directory = dirname(file);
  const included = includedFiles(file, text).map((path) => relative(directory, path));
  return { tasks: linesOf(text), ...partsOfFiles(directory, included) };
}

/** Names at the beginning of lines, with the comment line above each. */
function namesAbove(
  text: string,
  pattern: RegExp,
  group = 1,
): { name: string; description: string | undefined }[] {
  const lines = text.split("\n");
  return lines.flatMap((line, at) => {
    const name = pattern.exec(line)?.[group];
    if (name === undefined) return [];
    const comment = /^\s*#\s*(.+)$/.exec(lines[at - 1] ?? "")?.[1];
    const desc = /^\s+desc:\s*['"]?(.+?)['"]?\s*$/.exec(lines[at + 1] ?? "")?.[1];
    return [{ name, description: desc ?? comment }];
  });
}
