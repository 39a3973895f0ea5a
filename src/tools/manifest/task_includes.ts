import { dirname, resolve } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { TaskFile } from "./manifest_schema.ts";
import { readToml } from "./read_toml.ts";

/** Where a task of another file is written. */
export interface TaskOrigin {
  file: string;
  /** Its name there, without the namespace. */
  name: string;
}

/** What the files of a manifest's `[includes]` declare. */
export interface TaskIncludes {
  /** `docs:build` → the table as the file has it, with the names of the same file in their namespace. */
  tasks: Record<string, unknown>;
  origins: Map<string, TaskOrigin>;
  /** All that were looked for, there or not. */
  files: string[];
  /** Files that cannot be used, by namespace. */
  errors: Map<string, HaftError>;
}

/** What a project without includes has. */
export const NO_INCLUDES: TaskIncludes = { tasks: {}, origins: new Map(), files: [], errors: new Map() };

/** Keys that name other tasks of the same file. */
const NAMES = ["aliases", "depends", "depends_post"] as const;

/**
 * Reads the files of `[includes]`, which are relative to the manifest. A file that cannot be used is no
 * reason to fail before a task is asked for.
 *
 * @param read the text of a file; undefined when there is none
 */
export function readTaskIncludes(
  includes: Readonly<Record<string, string>>,
  { manifest, read }: { manifest: string; read: (path: string) => string | undefined },
): TaskIncludes {
  const found: TaskIncludes = { tasks: {}, origins: new Map(), files: [], errors: new Map() };
  for (const [namespace, path] of Object.entries(includes)) {
    const file = resolve(dirname(manifest), path);
    found.files.push(file);
    try {
      const text = read(file);
      if (text === undefined) throw new UsageError(`"${path}" is not there`);
      const { tasks } = readToml(text, TaskFile, { what: "file of tasks", path: file });
      const own = new Set(Object.entries(tasks).flatMap(([name, table]) => [name, ...aliasesOf(table)]));
      for (const [name, table] of Object.entries(tasks)) {
        found.tasks[`${namespace}:${name}`] = inNamespace(table, { namespace, own });
        found.origins.set(`${namespace}:${name}`, { file, name });
      }
    } catch (error) {
      if (!(error instanceof HaftError)) throw error;
      found.errors.set(namespace, error);
    }
  }
  return found;
}

function aliasesOf(table: unknown): string[] {
  const aliases = isTable(table) ? [table["aliases"]].flat() : [];
  return aliases.filter((one) => typeof one === "string");
}

/** The table, in which names of tasks of the same file have the namespace in front. */
function inNamespace(
  table: unknown,
  { namespace, own }: { namespace: string; own: ReadonlySet<string> },
): unknown {
  if (!isTable(table)) return table;
  const renamed = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(renamed)
      : typeof value === "string" && own.has(value)
      ? `${namespace}:${value}`
      : value;
  const changed = NAMES.filter((key) => key in table).map((key) => [key, renamed(table[key])] as const);
  return { ...table, ...Object.fromEntries(changed) };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
