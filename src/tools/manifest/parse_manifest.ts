import type { ToolRequest } from "../request.ts";
import { ManifestDocument, type Settings } from "./manifest_schema.ts";
import { type ManifestProblem, problemError } from "./manifest_problem.ts";
import { componentProblems } from "./option_problems.ts";
import { isToolName } from "../tool_name.ts";
import { readToml } from "./read_toml.ts";

/** A haft.toml, read. */
export interface Manifest {
  path: string;
  requests: ToolRequest[];
  /** Variables of the project; null takes one away. */
  env: Record<string, string | null>;
  settings: Settings;
  mirrors: Record<string, string>;
  /** `[apps]` as it is written; src/apps reads it. */
  apps: Record<string, unknown>;
  /** `[backends]` as it is written; src/backends reads it. */
  backends: Record<string, unknown>;
  /** `[tasks]` as it is written; src/tasks reads it. */
  tasks: Record<string, unknown>;
  /** `[includes]`: namespace → a file of tasks. */
  includes: Record<string, string>;
}

/**
 * Reads the text of a haft.toml.
 *
 * @param path how messages and `decidedBy` name the file
 * @throws {UsageError} naming the file, the key and what was expected
 */
export function parseManifest(text: string, path: string): Manifest {
  const document = readToml(text, ManifestDocument, { what: "manifest", path });
  return {
    path,
    requests: Object.entries(document.tools).map(([name, tool]) => toolRequest(name, tool, { path, text })),
    env: Object.fromEntries(
      Object.entries(document.env).map(([name, value]) => [name, value === false ? null : value]),
    ),
    settings: document.settings,
    mirrors: document.mirrors,
    apps: document.apps ?? {},
    backends: document.backends ?? {},
    tasks: document.tasks ?? {},
    includes: document.includes,
  };
}

export function toolNameProblem(name: string): ManifestProblem {
  return {
    keys: ["tools", name],
    message: `key "tools.${name}" is no name of a tool`,
    next: 'Write a name of the catalogue, such as "node", or a package, such as "npm:prettier"',
  };
}

function toolRequest(
  name: string,
  tool: ManifestDocument["tools"][string],
  { path, text }: { path: string; text: string },
): ToolRequest {
  if (!isToolName(name)) {
    throw problemError(toolNameProblem(name), { what: "manifest", path }, text);
  }
  const [problem] = typeof tool === "string" ? [] : componentProblems(name, tool.options.components);
  if (problem !== undefined) throw problemError(problem, { what: "manifest", path }, text);
  const table = typeof tool === "string" ? { version: tool, options: {}, install_env: {} } : tool;
  return {
    name,
    version: table.version,
    ...("source" in table && table.source !== undefined ? { source: table.source } : {}),
    ...("os" in table && table.os !== undefined ? { os: table.os } : {}),
    options: table.options,
    installEnv: table.install_env,
    decidedBy: { file: path, key: `tools.${name}` },
  };
}
