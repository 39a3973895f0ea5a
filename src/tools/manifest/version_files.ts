/**
 * The files in which other programs keep the versions of tools. A tool that haft's catalogue
 * lacks is skipped and remembered, so that messages can say why.
 */
import { parse } from "smol-toml";
import { canonicalToolName, catalogueEntry } from "../catalogue/catalogue.ts";
import type { ToolRequest } from "../request.ts";
import { isToolName } from "../tool_name.ts";
import { isVersionRequest } from "./manifest_schema.ts";

/** What one file says of one tool. */
interface Mention {
  name: string;
  version: string;
  /** Where in the file: `line 3`, `tools.node`, `volta.node`. */
  key: string;
}

export interface VersionFileContent {
  requests: ToolRequest[];
  /** Mentions that haft cannot follow, and why. */
  skipped: { name: string; version: string; file: string; reason: string }[];
}

/** The files looked for in each directory; of two that name the same tool, the first decides. */
export const VERSION_FILES: readonly string[] = [
  ".tool-versions",
  "mise.toml",
  ".mise.toml",
  "vx.toml",
  ".nvmrc",
  ".node-version",
  ".python-version",
  "package.json",
];

/**
 * Reads a file of {@link VERSION_FILES}. One that is malformed says nothing: it is another program's to
 * complain.
 */
export function parseVersionFile(
  text: string,
  { name, path }: { name: string; path: string },
): VersionFileContent {
  const content: VersionFileContent = { requests: [], skipped: [] };
  for (const mention of mentions(name, text)) {
    const tool = canonicalToolName(mention.name);
    const version = mention.version.trim();
    const known = catalogueEntry(tool) !== undefined || (tool.startsWith("npm:") && isToolName(tool));
    const reason = !known
      ? "haft's catalogue does not have it"
      // asdf's word for whatever the system has.
      : isVersionRequest(version) && version !== "system"
      ? undefined
      : "haft does not know such a version";
    if (reason !== undefined) content.skipped.push({ name: mention.name, version, file: path, reason });
    else if (!content.requests.some((request) => request.name === tool)) {
      content.requests.push({
        name: tool,
        version,
        options: {},
        installEnv: {},
        decidedBy: { file: path, key: mention.key },
      });
    }
  }
  return content;
}

function mentions(file: string, text: string): Mention[] {
  switch (file) {
    case ".tool-versions":
      return toolVersions(text);
    case "mise.toml":
    case ".mise.toml":
    case "vx.toml":
      return toolsTable(text);
    case ".nvmrc":
    case ".node-version":
      return singleVersion("node", text);
    case ".python-version":
      return singleVersion("python", text);
    default:
      return packageJson(text);
  }
}

/** asdf: a tool and its versions a line; the first version is the one that runs. */
function toolVersions(text: string): Mention[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const [name, version] = line.replace(/#.*/, "").trim().split(/\s+/);
    return name === undefined || name === "" || version === undefined
      ? []
      : [{ name, version, key: `line ${index + 1}` }];
  });
}

function toolsTable(text: string): Mention[] {
  const tools = tableOf(tryParse(() => parse(text)), "tools");
  return Object.entries(tools).flatMap(([name, value]) => {
    const one = Array.isArray(value) ? value[0] : value;
    const version = typeof one === "object" && one !== null
      ? (one as Record<string, unknown>)["version"]
      : one;
    return typeof version === "string" ? [{ name, version, key: `tools.${name}` }] : [];
  });
}

function singleVersion(name: string, text: string): Mention[] {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/#.*/, "").trim());
  const index = lines.findIndex((line) => line !== "");
  const version = lines[index];
  return version === undefined ? [] : [{ name, version, key: `line ${index + 1}` }];
}

/** Most exact first: what volta pins, what corepack pins, what the engines allow. */
function packageJson(text: string): Mention[] {
  const document = tryParse(() => JSON.parse(text));
  const manager = tableOf(document)["packageManager"];
  const pinned = typeof manager === "string" ? /^([a-z]+)@([^+]+)/.exec(manager) : null;
  return [
    ...strings(document, "volta"),
    ...(pinned?.[1] === undefined || pinned[2] === undefined
      ? []
      : [{ name: pinned[1], version: pinned[2], key: "packageManager" }]),
    ...strings(document, "engines"),
  ].filter(({ name }) => catalogueEntry(canonicalToolName(name)) !== undefined);
}

function strings(document: unknown, key: string): Mention[] {
  return Object.entries(tableOf(document, key)).flatMap(([name, version]) =>
    typeof version === "string" ? [{ name, version, key: `${key}.${name}` }] : []
  );
}

function tryParse(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function tableOf(value: unknown, key?: string): Record<string, unknown> {
  const table = isTable(value) ? (key === undefined ? value : value[key]) : undefined;
  return isTable(table) ? table : {};
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
