/**
 * The files in which other programs keep the versions of tools. What haft cannot give is remembered with the
 * reason, and still decides: a tool of a file further out is not what the nearer one asks for.
 */
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { findSource } from "../sources/sources.ts";
import { plainRequest, type ToolRequest } from "../request.ts";
import { isToolName } from "../tool_name.ts";
import { isVersionRequest } from "./manifest_schema.ts";
import { VERSION_FILES, type VersionFileFamily } from "./version_files/families.ts";
import { readSingleVersion, readToolVersions } from "./version_files/line_files.ts";
import { type Mention, type Mentions, visibleText } from "./version_files/mention.ts";
import { readMiseToml } from "./version_files/mise_toml.ts";
import { readPackageJson } from "./version_files/package_json.ts";

export interface VersionFileContent {
  file: string;
  requests: ToolRequest[];
  /** Mentions that haft cannot follow, and why. */
  skipped: { name: string; version: string; file: string; reason: string }[];
  /** Tools that are left to the system. */
  system: SystemTool[];
  /** Ranges that are allowed, of tools that nothing here asks for. */
  constraints: { name: string; range: string; file: string; key: string }[];
  /** `[env]`; null takes a variable away. */
  env: Record<string, string | null>;
  /** What is wrong in the file, each with the file and often the line. */
  problems: string[];
  /** Other files that had a say. */
  alsoRead: string[];
}

/** A tool that is left to the system. */
export interface SystemTool {
  /** In the catalogue. */
  name: string;
  decidedBy: ToolRequest["decidedBy"];
}

/** One file to look for in a directory. */
export interface VersionFile {
  family: VersionFileFamily;
  /** Below the directory, with `/`. */
  name: string;
}

/** Directories below a project's in which mise looks, too. */
const MISE_DIRECTORIES = ["mise", ".mise", ".config"] as const;
/** One below them, whose files all count. */
const MISE_PARTS = ".config/mise/conf.d";

/** What of mise's directories is there. */
export interface MiseDirectories {
  below: readonly string[];
  /** The files of `.config/mise/conf.d`, by name. */
  parts: readonly string[];
  /** What was looked at to know it. */
  lookedFor: string[];
}

export function miseDirectories(directory: string): MiseDirectories {
  const lookedFor: string[] = [];
  const below = MISE_DIRECTORIES.filter((name) => {
    const path = join(directory, name);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && isOpen(path)) return true;
    lookedFor.push(path);
    return false;
  });
  if (!below.includes(".config")) return { below, parts: [], lookedFor };
  const parts = join(directory, MISE_PARTS);
  lookedFor.push(parts);
  const files = filesIn(parts).filter((name) => name.endsWith(".toml") && !name.startsWith(".")).sort();
  return { below, parts: files.map((name) => `${MISE_PARTS}/${name}`), lookedFor };
}

/** Another user's private directory, such as a .config above the project, says nothing here. */
function isOpen(directory: string): boolean {
  try {
    accessSync(directory, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function filesIn(directory: string): string[] {
  try {
    return statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true
      ? readdirSync(directory)
      : [];
  } catch {
    return [];
  }
}

/**
 * The files of a directory in the order in which they decide, as mise has it.
 *
 * @param environments of MISE_ENV: the last has the most to say
 */
export function versionFilesIn(
  { environments = [], below = [], parts = [] }:
    & { environments?: readonly string[] }
    & Partial<MiseDirectories>,
): VersionFile[] {
  const ofEnvironments = environments.toReversed().flatMap((name) =>
    [`.${name}.local`, `.${name}`].flatMap((middle) => [
      `.mise${middle}.toml`,
      ...inDirectory(".mise", middle, below),
      `mise${middle}.toml`,
      ...inDirectory("mise", middle, below),
      ...inDirectory(".config", middle, below),
    ])
  );
  const usual = [".local", ""].flatMap((middle) => [
    `.mise${middle}.toml`,
    `mise${middle}.toml`,
    ...inDirectory(".mise", middle, below),
    ...inDirectory("mise", middle, below),
    ...inDirectory(".config", middle, below),
  ]);
  return [
    ...[...ofEnvironments, ...usual, ...parts.toReversed()].map((name): VersionFile => ({
      family: "mise.toml",
      name,
    })),
    ...VERSION_FILES.filter((name) => name !== "mise.toml").map((name) => ({ family: name, name })),
  ];
}

function inDirectory(
  directory: typeof MISE_DIRECTORIES[number],
  middle: string,
  below: readonly string[],
): string[] {
  if (!below.includes(directory)) return [];
  return directory === ".config"
    ? [`.config/mise${middle}.toml`, `.config/mise/config${middle}.toml`]
    : [`${directory}/config${middle}.toml`];
}

export interface VersionFilePlace {
  family: VersionFileFamily;
  path: string;
  /** What is known by name where the file is. */
  catalogue: Catalogue;
  /** The text of another file that this one names; undefined where there is none. */
  read?: (path: string) => string | undefined;
}

/** Reads one file. One that is malformed asks for nothing, and `problems` says why. */
export function parseVersionFile(text: string, place: VersionFilePlace): VersionFileContent {
  const { path, catalogue } = place;
  const { tools, constraints = [], env = {}, problems = [], alsoRead = [] } = mentions(text, place);
  const content: VersionFileContent = {
    file: path,
    requests: [],
    skipped: [],
    system: [],
    constraints: constraints.map((one) => ({ ...one, name: catalogue.canonicalName(one.name), file: path })),
    env,
    problems: problems.map((problem) => `${path}${problem}`),
    alsoRead,
  };
  const decided = new Set<string>();
  for (const mention of tools) {
    const tool = toolOf(mention.name, catalogue);
    // In package.json only tools count: `volta` and `packageManager` may name others.
    if (decided.has(tool) || (place.family === "package.json" && catalogue.entry(tool) === undefined)) {
      continue;
    }
    addMention(content, { mention, tool, place });
    decided.add(tool);
  }
  return content;
}

function mentions(text: string, { family, path, read = () => undefined }: VersionFilePlace): Mentions {
  switch (family) {
    case ".tool-versions":
      return readToolVersions(text);
    case "mise.toml":
    case "vx.toml":
      return readMiseToml(text, path);
    case ".nvmrc":
    case ".node-version":
      return readSingleVersion("node", text);
    case ".python-version":
      return readSingleVersion("python", text);
    case "package.json":
      return readPackageJson(text, { path, read });
  }
}

/** mise's and asdf's names for what haft calls otherwise: `core:node`, `pipx:black`, `asdf:nodejs`. */
function toolOf(name: string, catalogue: Catalogue): string {
  const [, prefix = "", rest = ""] = /^([a-z]+):(.+)$/.exec(name) ?? [];
  const plain = rest.replace(/\[.*\]$/, "");
  switch (prefix) {
    case "core":
    case "asdf":
    case "vfox":
      return catalogue.canonicalName(plain.split("/").at(-1)?.replace(/^(asdf|vfox)-/, "") ?? plain);
    case "pipx":
      return `pypi:${plain}`;
    case "ubi":
    case "aqua":
      return `github:${plain}`;
    default:
      return catalogue.canonicalName(prefix === "" ? name : `${prefix}:${plain}`);
  }
}

function addMention(
  content: VersionFileContent,
  { mention, tool, place: { path, catalogue } }: { mention: Mention; tool: string; place: VersionFilePlace },
): void {
  const known = catalogue.entry(tool) !== undefined || isDirectTool(tool);
  const first = mention.versions[0]?.trim() ?? "";
  const choices = mention.versions.map((text) => versionOf(text.trim()));
  // The versions after the first are for when it cannot be had.
  const usable = choices.find((choice) => "version" in choice || "system" in choice);
  if (known && usable !== undefined && "system" in usable) {
    content.system.push({ name: tool, decidedBy: { file: path, key: mention.key } });
  } else if (known && usable !== undefined && "version" in usable) {
    const os = systems(mention.os);
    const further = choices.slice(choices.indexOf(usable) + 1);
    const last = further.findIndex((choice) => "system" in choice);
    const versions = further.slice(0, last === -1 ? undefined : last).flatMap((choice) =>
      "version" in choice ? [choice.version] : []
    );
    const otherwise = { than: usable.version, versions, system: last !== -1 };
    content.requests.push({
      ...plainRequest(catalogue.tool(tool)),
      version: usable.version,
      ...(os === undefined ? {} : { os }),
      ...(versions.length > 0 || otherwise.system ? { otherwise } : {}),
      ...(mention.hash === undefined ? {} : { archiveHash: mention.hash }),
      decidedBy: { file: path, key: mention.key },
    });
  } else {
    const [choice] = choices;
    const reason = !known
      ? "haft's catalogue does not have it"
      : choice !== undefined && "reason" in choice
      ? choice.reason
      : "haft does not know such a version";
    content.skipped.push({ name: tool, version: visibleText(first), file: path, reason });
  }
}

function isDirectTool(tool: string): boolean {
  const [, prefix, text] = /^([a-z]+):(.+)$/.exec(tool) ?? [];
  return prefix !== undefined && text !== undefined && isToolName(tool) &&
    findSource(prefix)?.direct(text) !== undefined;
}

type Choice = { version: string } | { system: true } | { reason: string };

/** mise's and asdf's ways to name a version. */
function versionOf(text: string): Choice {
  if (text === "system") return { system: true };
  const [, scope = "", rest = ""] = /^(ref|tag|branch|rev|path|prefix|latest):(.*)$/.exec(text) ?? [];
  switch (scope) {
    case "":
      return isVersionRequest(text) ? { version: text } : { reason: "haft does not know such a version" };
    case "prefix":
    case "latest":
      return isVersionRequest(rest) ? { version: rest } : { reason: "haft does not know such a version" };
    case "path":
      return { reason: "haft runs no tool from a path outside its store" };
    default:
      return { reason: "haft builds no tool from a revision" };
  }
}

const SYSTEMS: Readonly<Record<string, string>> = {
  linux: "linux",
  macos: "darwin",
  darwin: "darwin",
  windows: "win32",
  win32: "win32",
};

/** `linux`, or `linux-x64` and `linux/x64`, of which the system counts. */
function systems(os: readonly string[] | undefined): string[] | undefined {
  return os === undefined
    ? undefined
    : [...new Set(os.map((word) => SYSTEMS[word.split(/[-/]/)[0] ?? ""] ?? word))];
}
