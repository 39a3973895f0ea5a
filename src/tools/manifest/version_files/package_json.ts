import { dirname, resolve } from "node:path";
import { jsonFault } from "./json_fault.ts";
import { type Constraint, isTable, type Mention, type Mentions } from "./mention.ts";

/** A chain of `extends` that is longer is a circle. */
const MOST_EXTENDS = 16;

/**
 * package.json, most exact first: what volta pins, what corepack pins, what `devEngines` asks for. `engines`
 * says what a package can run under, and asks for nothing.
 *
 * @param read the text of another file, for volta's `extends`; undefined where there is none
 */
export function readPackageJson(
  text: string,
  { path, read }: { path: string; read: (path: string) => string | undefined },
): Mentions {
  const document = parseJson(text);
  if ("problem" in document) return { tools: [], problems: [document.problem] };
  const table = document.table;
  const volta = voltaTools(table, { path, read });
  const manager = packageManager(table["packageManager"]);
  return {
    tools: [...volta.tools, ...manager.tools, ...devEngines(table["devEngines"])],
    constraints: texts(table["engines"], "engines")
      .map(({ name, versions, key }): Constraint => ({ name, range: versions[0] ?? "", key })),
    problems: [...volta.problems, ...manager.problems],
    alsoRead: volta.alsoRead,
  };
}

function parseJson(text: string): { table: Record<string, unknown> } | { problem: string } {
  try {
    const value: unknown = JSON.parse(text);
    return isTable(value) ? { table: value } : { problem: ":1: it is no object" };
  } catch {
    return { problem: jsonFault(text) };
  }
}

/** The nearest file says most; what it leaves out comes from the one that it extends. */
function voltaTools(
  table: Record<string, unknown>,
  { path, read }: { path: string; read: (path: string) => string | undefined },
): { tools: Mention[]; problems: string[]; alsoRead: string[] } {
  const tools: Mention[] = [];
  const alsoRead: string[] = [];
  let [at, volta] = [path, table["volta"]];
  const problems: string[] = [];
  for (let depth = 0; isTable(volta); depth++) {
    const { extends: next, ...rest } = volta;
    tools.push(...texts(rest, "volta"));
    for (const [name, version] of Object.entries(rest)) {
      if (typeof version !== "string") {
        problems.push(` volta.${name} is left out: it is no text, such as "22.1.0"`);
      }
    }
    if (typeof next !== "string") break;
    const file = resolve(dirname(at), next);
    if (depth >= MOST_EXTENDS || file === path || alsoRead.includes(file)) {
      return { tools, alsoRead, problems: [...problems, ` volta.extends leads back to "${file}"`] };
    }
    alsoRead.push(file);
    const text = read(file);
    if (text === undefined) {
      return {
        tools,
        alsoRead,
        problems: [...problems, ` volta.extends names "${file}", which is not there`],
      };
    }
    const document = parseJson(text);
    if ("problem" in document) {
      return { tools, alsoRead, problems: [...problems, ` volta.extends: "${file}"${document.problem}`] };
    }
    [at, volta] = [file, document.table["volta"]];
  }
  return { tools, alsoRead, problems };
}

/** `pnpm@9.1.0+sha512.abc`: corepack's hash of the archive follows the version. */
function packageManager(value: unknown): { tools: Mention[]; problems: string[] } {
  if (value === undefined) return { tools: [], problems: [] };
  const [, name, version, algorithm, digest] = typeof value === "string"
    ? /^([a-z]+)@([^+]+)(?:\+([a-z0-9]+)\.([0-9A-Fa-f]+))?/.exec(value) ?? []
    : [];
  if (name === undefined || version === undefined) {
    return {
      tools: [],
      problems: [' packageManager is left out: it is no name and version, such as "pnpm@9.1.0"'],
    };
  }
  const hash = algorithm === undefined || digest === undefined ? {} : { hash: { algorithm, digest } };
  return { tools: [{ name, versions: [version], key: "packageManager", ...hash }], problems: [] };
}

/** `{ runtime: { name, version }, packageManager: … }`, each one or a list. */
function devEngines(value: unknown): Mention[] {
  if (!isTable(value)) return [];
  return ["runtime", "packageManager"].flatMap((part) => {
    const entries = Array.isArray(value[part]) ? value[part] : [value[part]];
    return entries.flatMap((entry: unknown) => {
      if (!isTable(entry) || entry["onFail"] === "ignore") return [];
      const { name, version } = entry;
      return typeof name === "string" && typeof version === "string"
        ? [{ name, versions: [version], key: `devEngines.${part}` }]
        : [];
    });
  });
}

function texts(value: unknown, key: string): Mention[] {
  if (!isTable(value)) return [];
  return Object.entries(value).flatMap(([name, version]) =>
    typeof version === "string" ? [{ name, versions: [version], key: `${key}.${name}` }] : []
  );
}
