import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { UsageError } from "../../base/errors.ts";
import { nearestNames } from "../versions/nearest.ts";

/** How messages call the file. */
export interface TomlFile {
  /** `manifest`, `settings`. */
  what: string;
  path: string;
}

/**
 * Reads a TOML text that a person wrote.
 *
 * @throws {UsageError} naming the file and the line, or the key and what was expected there
 */
export function readToml<Schema extends v.GenericSchema>(
  text: string,
  schema: Schema,
  file: TomlFile,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, parseDocument(text, file), { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw schemaError(parsed.issues[0], file);
}

function parseDocument(text: string, { what, path }: TomlFile): unknown {
  try {
    return parse(text.replaceAll("\r\n", "\n"));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "it is not TOML";
    const line = text.split(/\r?\n/)[error.line - 1] ?? "";
    throw new UsageError(`Cannot read ${what} "${path}": ${path}:${error.line}:${error.column}: ${reason}`, {
      next: `${error.line} | ${line}\n${" ".repeat(String(error.line).length)} | ${
        " ".repeat(Math.max(0, error.column - 1))
      }^`,
      cause: error,
    });
  }
}

function schemaError(issue: v.BaseIssue<unknown>, { what, path }: TomlFile): UsageError {
  const inner = innermost(issue);
  const key = inner.path?.map((item) => String(item.key)).join(".") ?? "";
  const start = `Cannot read ${what} "${path}": key "${key}"`;
  if (inner.expected === "never") return new UsageError(`${start} is not known`, { next: knownKeys(inner) });
  if (inner.received === "undefined") return new UsageError(`${start} is missing`);
  return new UsageError(`${start} must be ${expectation(inner)}, not ${inner.received}`);
}

/** Of a union's complaints, the one that came furthest: a table with a wrong key is not "no string". */
function innermost(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> {
  const issues = issue.issues ?? [];
  const depth = (candidate: v.BaseIssue<unknown>) => candidate.path?.length ?? 0;
  const [deepest] = [...issues].sort((a, b) => depth(b) - depth(a));
  if (deepest === undefined || depth(deepest) === 0) {
    const reached = issues.find((candidate) => candidate.kind === "validation");
    return reached === undefined ? issue : { ...reached, path: issue.path } as v.BaseIssue<unknown>;
  }
  return innermost(
    { ...deepest, path: [...issue.path ?? [], ...deepest.path ?? []] } as v.BaseIssue<unknown>,
  );
}

function expectation(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === "validation" && !issue.message.startsWith("Invalid")) return issue.message;
  if (issue.type === "union" && issue.path?.[0]?.key === "tools") {
    return 'a version (`"1.2"`) or a table with one';
  }
  return EXPECTATIONS[issue.expected ?? ""] ??
    (issue.expected ?? issue.message).replaceAll("|", "or").replaceAll(/[()]/g, "");
}

const EXPECTATIONS: Readonly<Record<string, string>> = {
  Object: "a table",
  Array: "a list",
  string: "a string",
  boolean: "true or false",
  number: "a number",
};

function knownKeys(issue: v.BaseIssue<unknown>): string {
  const last = issue.path?.at(-1);
  const name = String(last?.key ?? "");
  const known = KNOWN_KEYS[(issue.path?.length ?? 1) === 1 ? "" : String(issue.path?.[0]?.key ?? "")] ?? [];
  const [near] = nearestNames(name, known);
  return near === undefined ? `Known keys: ${known.join(", ")}` : `Did you mean "${near}"?`;
}

const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  "": ["tools", "env", "settings", "mirrors", "apps", "tasks", "backends", "daemon"],
  tools: ["version", "source", "options", "os", "install_env"],
  settings: ["jobs", "auto_install", "stall_timeout", "trusted_paths"],
};
