/** Files of other programs that declare tasks: npm's scripts, mise, just and Task. */
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parse } from "smol-toml";
import { readTextFile } from "../../base/read_text_file.ts";
import { ancestors } from "../../tools/project/manifests.ts";
import { miseDirectories, versionFilesIn } from "../../tools/manifest/version_files.ts";
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

/** A file of another program. */
export interface ForeignFile {
  file: string;
  /** Of which it says something, whatever directory below that it lies in. */
  directory: string;
}

interface Source {
  /** Names below a directory, with `/`; of those that are there, the first counts. */
  files: readonly string[];
  /** Those of a directory that are read together, in the order in which they decide. */
  together?: (directory: string) => readonly string[];
  read: (file: string, text: string) => ForeignTask[];
  /** What its program runs; by default all of the file and of those that it includes. */
  runs?: (file: ForeignFile, text: string) => GatedParts["parts"];
}

const SOURCES: readonly Source[] = [
  {
    files: ["package.json"],
    runs: ({ directory }, text) => ({
      scripts: (JSON.parse(text) as { scripts?: unknown }).scripts,
      ...partsOfFiles(directory, PACKAGE_SETTINGS),
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
    files: [],
    together: miseFiles,
    runs: ({ file, directory }, text) => ({
      tasks: linesOf(text),
      ...partsOfFiles(directory, miseFiles(directory).filter((name) => join(directory, name) !== file)),
    }),
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

/** Every path below a directory at which such a file is looked for. */
export function foreignPaths(directory: string): string[] {
  const mise = miseDirectories(directory);
  const names = [...SOURCES.flatMap(({ files }) => files), ...versionFilesIn(mise).map(({ name }) => name)];
  return [...names.map((name) => join(directory, name)), ...mise.lookedFor];
}

/** mise's files of a directory. Those of MISE_ENV are mise's own choice. */
function miseFiles(directory: string): string[] {
  return versionFilesIn(miseDirectories(directory))
    .filter(({ family, name }) => family === "mise.toml" && existsSync(join(directory, name)))
    .map(({ name }) => name);
}

/** Which of a source's files say something of a directory. */
function filesOf({ files, together }: Source, directory: string): readonly string[] {
  return together?.(directory) ??
    files.filter((name) => existsSync(join(directory, name))).slice(0, 1);
}

/** The files of other programs that say something of a directory, each with its tasks. */
export function foreignFiles(directory: string): (ForeignFile & { tasks: ForeignTask[] })[] {
  return SOURCES.flatMap((source) => {
    const taken = new Set<string>();
    return filesOf(source, directory).flatMap((name) => {
      const file = join(directory, name);
      try {
        const tasks = source.read(file, readTextFile(file)).filter((task) => !taken.has(task.name));
        for (const task of tasks) taken.add(task.name);
        return [{ file, directory, tasks }];
      } catch {
        // Another program's file is that program's to complain about.
        return [];
      }
    });
  });
}

/**
 * What another program's file of tasks can run.
 *
 * @returns undefined for a file that is none of these
 */
export function gatedFile(file: string): GatedParts | undefined {
  // `.config/mise/config.toml` is of the directory around `.config`, not of `.config` itself.
  for (const directory of [...ancestors(dirname(file))].slice(0, DEEPEST).toReversed()) {
    const source = SOURCES.find((one) =>
      filesOf(one, directory).some((name) => join(directory, name) === file)
    );
    if (source === undefined) continue;
    const parts = (source.runs ?? withIncluded)({ file, directory }, readTextFile(file));
    return { path: file, files: [file], parts };
  }
  return undefined;
}

/** How many directories up from its own a file may say something of: `.config/mise/conf.d/x.toml`. */
const DEEPEST = 4;

function withIncluded({ file, directory }: ForeignFile, text: string): GatedParts["parts"] {
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
