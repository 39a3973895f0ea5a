/** Other supervisors' files as `[apps]`. They are read as data; nothing in them is run. */
import { basename } from "node:path";
import { errorMessage, HaftError } from "../../base/errors.ts";
import { importBunctl } from "./bunctl.ts";
import { importCompose } from "./compose.ts";
import type { Imported, ImportSettings } from "./imported.ts";
import { importPm2 } from "./pm2.ts";
import { importProcessCompose } from "./process_compose.ts";
import { importProcfile } from "./procfile.ts";
import { importSupervisord } from "./supervisord.ts";
import { isTable, type Table } from "./values.ts";

export type FileFormat = "procfile" | "supervisord" | "data";

export interface ImportOptions extends ImportSettings {
  /** How messages name the file. */
  path: string;
  /** Turns an app of bunctl's into a table. */
  bunctl: (app: unknown) => Table;
}

/** Names under which people keep such files, for when none is given. */
export const USUAL_FILES = [
  "Procfile",
  "Procfile.dev",
  "process-compose.yaml",
  "process-compose.yml",
  "ecosystem.config.js",
  "ecosystem.config.cjs",
  "ecosystem.config.mjs",
  "ecosystem.config.ts",
  "ecosystem.config.json",
  "ecosystem.json",
  "process.json",
  "supervisord.conf",
  "bunctl.json",
  "compose.yaml",
  "compose.yml",
  "docker-compose.yaml",
  "docker-compose.yml",
] as const;

/** Whether the file is a program that has to run before its apps are known. */
export function isProgramFile(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path);
}

/**
 * Reads a file of foreman, supervisord, process-compose, compose, pm2 or bunctl; which of them it is follows
 * from its name and what is in it.
 *
 * @throws {HaftError} when it is none of them
 */
export async function importText(text: string, options: ImportOptions): Promise<Imported> {
  const content = text.replace(/^\uFEFF/, "");
  switch (formatOf(options.path, content)) {
    case "procfile":
      return importProcfile(content, options);
    case "supervisord":
      return importSupervisord(content, options);
    case "data":
      return importValue(await readData(content, options.path), options);
  }
}

/** The same for what a file's text, or its code, gave. @throws {HaftError} when it has no apps */
export function importValue(value: unknown, options: ImportOptions): Imported {
  if (isTable(value)) {
    if (isTable(value["processes"])) return importProcessCompose(value);
    if (isTable(value["services"])) return importCompose(value);
  }
  const listed = isTable(value) ? value["apps"] ?? value : value;
  const apps = Array.isArray(listed) ? listed : [listed];
  if (apps.some((app) => isTable(app) && ("script" in app || "exec" in app))) {
    return importPm2(value, options);
  }
  if (apps.some((app) => isTable(app) && "command" in app)) return importBunctl(value, options.bunctl);
  throw new HaftError(
    `Cannot read "${options.path}": it has no apps of pm2, bunctl, process-compose or compose`,
    {
      next: "These have apps, processes or services at the top",
    },
  );
}

function formatOf(path: string, text: string): FileFormat {
  const name = basename(path).toLowerCase();
  if (name.startsWith("procfile") || name.endsWith(".procfile")) return "procfile";
  if (/\.(conf|ini|cfg)$/.test(name)) return "supervisord";
  if (/\.(json5?|jsonc|ya?ml)$/.test(name)) return "data";
  if (/^\s*\[[a-z-]+(:[^\]]*)?\]\s*$/m.test(text)) return "supervisord";
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(#|$)/.test(line));
  return lines.length > 0 && lines.every((line) => /^[A-Za-z0-9_.-]+\s*:\s*\S/.test(line))
    ? "procfile"
    : "data";
}

/** JSON with comments and commas left over, or YAML with merge keys. */
async function readData(text: string, path: string): Promise<unknown> {
  const isJson = /\.(json5?|jsonc)$/i.test(path) || /^\s*(\/[/*]|[{[])/.test(text);
  try {
    if (isJson) {
      const { default: json5 } = await import("json5");
      return json5.parse(text);
    }
    const { readYaml } = await import("./read_yaml.ts");
    return readYaml(text);
  } catch (error) {
    throw new HaftError(`Cannot read "${path}": ${errorMessage(error).split("\n")[0]?.replace(/:$/, "")}`, {
      next: `Correct the ${isJson ? "JSON" : "YAML"}`,
      cause: error,
    });
  }
}
