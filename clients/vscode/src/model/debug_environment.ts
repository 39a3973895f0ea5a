import { environmentChanges, type EnvironmentContext } from "./environment_changes.ts";
import type { Environment } from "./project.ts";

/** Debuggers whose configurations take `env`, a table. */
const TABLE = [
  "node",
  "pwa-node",
  "node-terminal",
  "python",
  "debugpy",
  "go",
  "lldb",
  "lldb-dap",
  "java",
  "coreclr",
  "php",
  "dart",
  "bun",
  "ruby_lsp",
  "rdbg",
];
/** Those that take `environment`, a list. */
const LIST = ["cppdbg", "cppvsdbg"];

/** As VS Code has it. */
export interface DebugConfiguration {
  type: string;
  request: string;
  [key: string]: unknown;
}

/**
 * A debug configuration with the project's environment. What the configuration sets itself stays; its PATH
 * has the project's tools in front.
 */
export function withEnvironment<C extends DebugConfiguration>(
  configuration: C,
  environment: Environment,
  context: EnvironmentContext,
): C {
  const isList = LIST.includes(configuration.type);
  if (configuration.request !== "launch" || (!isList && !TABLE.includes(configuration.type))) {
    return configuration;
  }
  const own = isList ? fromList(configuration["environment"]) : fromTable(configuration["env"]);
  const env: Record<string, unknown> = {};
  for (const { variable, kind, value } of environmentChanges(environment, context)) {
    const rest = own[variable] ?? context.inherited[variable] ?? "";
    env[variable] = kind === "replace" ? value : `${value}${rest}`;
  }
  const { PATH: path } = env;
  const all = { ...env, ...own, ...(path === undefined ? {} : { PATH: path }) };
  return isList
    ? { ...configuration, environment: Object.entries(all).map(([name, value]) => ({ name, value })) }
    : { ...configuration, env: all };
}

function fromTable(env: unknown): Record<string, unknown> {
  return typeof env === "object" && env !== null ? { ...env } : {};
}

function fromList(environment: unknown): Record<string, unknown> {
  const rows: unknown[] = Array.isArray(environment) ? environment : [];
  return Object.fromEntries(
    rows.flatMap((row) =>
      typeof row === "object" && row !== null && "name" in row && "value" in row
        ? [[String(row.name), row.value]]
        : []
    ),
  );
}
