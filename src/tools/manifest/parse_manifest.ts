import type { Catalogue } from "../catalogue/catalogue.ts";
import type { ToolDefinition } from "../catalogue/definition.ts";
import type { ToolRequest } from "../request.ts";
import { ManifestDocument, type Settings } from "./manifest_schema.ts";
import { type ManifestProblem, problemError } from "./manifest_problem.ts";
import { definitionProblems, definitionsOf } from "./own_tools.ts";
import { componentProblems } from "./option_problems.ts";
import { isToolName } from "../tool_name.ts";
import { readToml } from "./read_toml.ts";

/** A haft.toml, read. */
export interface Manifest {
  path: string;
  /** What `[catalogue]` defines. */
  definitions: ReadonlyMap<string, ToolDefinition>;
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
 * @param outer what is known by name around it; its own `[catalogue]` comes over that
 * @throws {UsageError} naming the file, the key and what was expected
 */
export function parseManifest(text: string, path: string, outer: Catalogue): Manifest {
  const document = readToml(text, ManifestDocument, { what: "manifest", path });
  const [problem] = definitionProblems(document.catalogue);
  if (problem !== undefined) throw problemError(problem, { what: "manifest", path }, text);
  const definitions = definitionsOf(document.catalogue, { file: path, isUsers: false });
  const catalogue = outer.with(definitions);
  return {
    path,
    definitions,
    requests: Object.entries(document.tools).map(([name, tool]) =>
      toolRequest(name, tool, { path, text, catalogue })
    ),
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
  { path, text, catalogue }: { path: string; text: string; catalogue: Catalogue },
): ToolRequest {
  if (!isToolName(name)) {
    throw problemError(toolNameProblem(name), { what: "manifest", path }, text);
  }
  const [problem] = typeof tool === "string"
    ? []
    : componentProblems(name, { components: tool.options.components, catalogue });
  if (problem !== undefined) throw problemError(problem, { what: "manifest", path }, text);
  const table = typeof tool === "string" ? { version: tool, options: {}, install_env: {} } : tool;
  return {
    ...catalogue.tool(name),
    version: table.version,
    ...("source" in table && table.source !== undefined ? { source: table.source } : {}),
    ...("os" in table && table.os !== undefined ? { os: table.os } : {}),
    options: table.options,
    installEnv: table.install_env,
    decidedBy: { file: path, key: `tools.${name}` },
  };
}
