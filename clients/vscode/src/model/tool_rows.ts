import type { Tool } from "./project.ts";

export interface ToolRow {
  name: string;
  state: "installed" | "missing" | "outdated" | "skipped";
  /** `22.11.0 (asked for: 22)` */
  description: string;
  tooltip: string;
  /** The file that asks for it. */
  decidedBy: string;
}

/** What `haft outdated` said of a tool. */
export interface Newer {
  tool: string;
  wanted: string;
  latest: string;
}

export function toolRow(tool: Tool, newer: Newer | undefined): ToolRow {
  const { runtime: name, request, version, installed, path, decided_by: decidedBy } = tool;
  const asked = request ?? "";
  const outdated = installed && newer !== undefined && newer.latest !== version;
  const state = outdated ? "outdated" : installed ? "installed" : "missing";
  const facts = [
    `${name} ${asked}`.trim(),
    installed ? `Installed: ${version} in ${path}` : "Not installed",
    ...(outdated ? [`Newest: ${newer.latest}; the request allows ${newer.wanted}`] : []),
    ...(decidedBy === null ? [] : [`Asked for in ${decidedBy}`]),
  ];
  return {
    name,
    state,
    description: describe(asked, version, { installed, newest: outdated ? newer.latest : undefined }),
    tooltip: facts.join("\n"),
    decidedBy: decidedBy ?? "",
  };
}

function describe(
  asked: string,
  version: string | null,
  { installed, newest }: { installed: boolean; newest: string | undefined },
): string {
  const what = version === null || version === asked ? asked : `${version} (asked for: ${asked})`;
  if (!installed) return `${what}, not installed`;
  return newest === undefined ? what : `${what}, ${newest} is out`;
}

/** Tools that the project asks for and the store does not have. */
export function missingTools(tools: readonly Tool[]): string[] {
  return tools.filter(({ installed }) => !installed).map(({ runtime }) => runtime);
}

/** The tools that run a language's files, the likeliest first. */
const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  javascript: ["node", "deno", "bun"],
  javascriptreact: ["node", "deno", "bun"],
  typescript: ["node", "deno", "bun"],
  typescriptreact: ["node", "deno", "bun"],
  json: ["node", "deno", "bun"],
  python: ["python"],
  go: ["go"],
  rust: ["rust"],
  java: ["java"],
  kotlin: ["kotlin", "java"],
  zig: ["zig"],
  terraform: ["terraform", "opentofu"],
  ruby: ["ruby"],
  php: ["php"],
  dart: ["dart"],
};

/** The tool of a project that runs files of this language. */
export function runtimeOf(language: string, tools: readonly Tool[]): Tool | undefined {
  for (const name of RUNTIMES[language] ?? []) {
    const found = tools.find(({ runtime }) => runtime === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export interface StatusText {
  text: string;
  tooltip: string;
  isWarning: boolean;
  /** The tool whose version it is. */
  tool?: string;
}

/** The status bar's words: the active file's runtime, else a count. Undefined: nothing to say. */
export function statusText(tools: readonly Tool[], language: string | undefined): StatusText | undefined {
  if (tools.length === 0) return undefined;
  const runtime = language === undefined ? undefined : runtimeOf(language, tools);
  if (runtime !== undefined) {
    const { runtime: name, version, request, installed } = runtime;
    const { tooltip } = toolRow(runtime, undefined);
    return {
      text: installed ? `$(tools) ${name} ${version}` : `$(warning) ${name} ${request}`,
      tooltip: `${tooltip}\nSelect to choose a version`,
      isWarning: !installed,
      tool: name,
    };
  }
  const missing = missingTools(tools);
  return {
    text: missing.length === 0 ? `$(tools) haft` : `$(warning) haft: ${missing.length} missing`,
    tooltip: missing.length === 0
      ? tools.map(({ runtime, version }) => `${runtime} ${version}`).join("\n")
      : `Not installed: ${missing.join(", ")}`,
    isWarning: missing.length > 0,
  };
}
