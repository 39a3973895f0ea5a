import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { UsageError } from "../../base/errors.ts";
import { type ManifestProblem, problemError, type TomlFile } from "./manifest_problem.ts";
import { codeFrame, tomlFault } from "./toml_fault.ts";
import { meantKey, meantValue } from "./near_words.ts";

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
  throw problemError(problemOf(parsed.issues[0], schema), file, text);
}

/**
 * Like {@link readToml}, for a file that a newer haft may have written: keys that are not known there count
 * for nothing.
 *
 * @param isOptional where a key that is not known is left out, and is a mistake otherwise
 * @returns what is read, and the keys that were left out
 * @throws {UsageError} as {@link readToml}
 */
export function readTolerant<Schema extends v.GenericSchema>(
  text: string,
  schema: Schema,
  file: TomlFile & { isOptional: (keys: ManifestProblem["keys"]) => boolean },
): { output: v.InferOutput<Schema>; unknown: ManifestProblem[] } {
  const document = parseDocument(text, file);
  const unknown: ManifestProblem[] = [];
  for (;;) {
    const { output, problems } = readSection(document, schema, []);
    const extra = problems.filter(({ keys, isUnknown }) => isUnknown === true && file.isOptional(keys));
    for (const { keys } of extra) removeKey(document, keys);
    unknown.push(...extra);
    if (extra.length > 0) continue;
    const [problem] = problems;
    if (problem !== undefined) throw problemError(problem, file, text);
    return { output: output as v.InferOutput<Schema>, unknown };
  }
}

function removeKey(document: unknown, keys: ManifestProblem["keys"]): void {
  const table = keys.slice(0, -1).reduce<unknown>((at, key) => Reflect.get(Object(at), key), document);
  Reflect.deleteProperty(Object(table), keys.at(-1) ?? "");
}

/**
 * Checks a part of a document that was kept as it is when the document was read.
 *
 * @param keys where in the document the value stands: `["apps", "web"]`
 * @throws {UsageError} naming the file, the key and what was expected there
 */
export function checkSection<Schema extends v.GenericSchema>(
  value: unknown,
  schema: Schema,
  { keys, ...file }: TomlFile & { keys: readonly string[] },
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw problemError(problemOf(parsed.issues[0], schema, keys), file);
}

/** A value and all that is wrong in it. @param keys where in the document the value stands */
export function readSection<Schema extends v.GenericSchema>(
  value: unknown,
  schema: Schema,
  keys: readonly string[],
): { output: v.InferOutput<Schema> | undefined; problems: ManifestProblem[] } {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return { output: parsed.output, problems: [] };
  return { output: undefined, problems: parsed.issues.flatMap((issue) => problemsOf(issue, schema, keys)) };
}

/** A stranger's file must not keep haft busy for minutes: characters, and tables in each other. */
const MOST = { characters: 256 * 1024, depth: 64 };

/** @throws {UsageError} for what is not TOML, naming the line where the mistake begins */
export function parseDocument(text: string, { what, path }: TomlFile): unknown {
  const refused = (why: string) => new UsageError(`Cannot read ${what} "${path}": ${why}`);
  if (text.length > MOST.characters) {
    throw refused(`it has ${text.length} characters, ${MOST.characters} at most`);
  }
  const lines = text.replaceAll("\r\n", "\n");
  try {
    const document = parse(lines);
    const fault = unusable(document);
    if (fault !== undefined) throw refused(fault);
    return document;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const fault = tomlFault(lines, error);
    const { line, column, reason } = fault;
    throw new UsageError(`Cannot read ${what}: ${path}:${line}:${column}: ${reason}`, {
      next: codeFrame(lines, fault),
      cause: error,
    });
  }
}

/**
 * Of several unknown keys of a table, valibot names the first alone, and in a union {@link innermost} only
 * what is missing.
 */
function problemsOf(
  issue: v.BaseIssue<unknown>,
  schema: v.GenericSchema,
  outer: readonly string[],
): ManifestProblem[] {
  const first = problemOf(issue, schema, outer);
  const all = deepest(issue);
  const [last, ...above] = [...all.find(({ expected }) => expected === "never")?.path ?? []].reverse();
  if (last === undefined || Array.isArray(last.input)) return [first];
  const path = above.reverse().map(({ key }) => String(key));
  const known = keysAt(schema, path);
  if (known.length === 0) return [first];
  const told = all[0]?.expected === "never" ? last.key : undefined;
  const further = Object.keys(last.input as object).filter((key) => key !== told && !known.includes(key));
  return [
    first,
    ...further.map((key) => {
      const keys = [...outer, ...path, key];
      const message = `key "${keys.join(".")}" is not known`;
      return { keys, message, next: nextForKey(key, known), isUnknown: true };
    }),
  ];
}

function problemOf(
  issue: v.BaseIssue<unknown>,
  schema: v.GenericSchema,
  outer: readonly string[] = [],
): ManifestProblem {
  const inner = innermost(issue);
  const keys = [...outer, ...inner.path?.map((item) => keyOf(item.key)) ?? []];
  const start = `key "${keys.join(".")}"`;
  if (inner.expected === "never") {
    return { keys, message: `${start} is not known`, next: knownKeys(inner, schema), isUnknown: true };
  }
  // A section that has no place in this file, whatever is in it.
  if (inner.type === "custom") return { keys, message: `${start} must be ${inner.message}` };
  const table = inner.path?.at(-1)?.input;
  if (Array.isArray(table) && typeof keys.at(-1) === "string") {
    const around = issue.path?.length === inner.path?.length ? "a table" : expectation(issue);
    const above = keys.slice(0, -1);
    return { keys: above, message: `key "${above.join(".")}" must be ${around}, not a list` };
  }
  if (inner.received === "undefined") return { keys, message: `${start} is missing` };
  const isLoneText = inner.expected === "Array" && typeof inner.input === "string";
  const next = isLoneText
    ? `Write [${JSON.stringify(inner.input)}]`
    : meantValue(inner.expected ?? "", inner.received);
  const [expected, received] = [expectation(inner), given(inner.input)];
  // "a table with …, not a table" would say nothing.
  const but = expected.startsWith(`${received} `) ? "" : `, not ${received}`;
  const message = `${start} must be ${expected}${but}`;
  return { keys, message, ...(next === undefined ? {} : { next }) };
}

function keyOf(key: unknown): string | number {
  return typeof key === "number" ? key : String(key);
}

/** Of a union's complaints, the one that came furthest: a table with a wrong key is not "no string". */
function innermost(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> {
  return deepest(issue)[0];
}

/** Of a union's complaints, the one that came furthest, and those that came as far. */
function deepest(issue: v.BaseIssue<unknown>): [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]] {
  const issues = issue.issues ?? [];
  const depth = (candidate: v.BaseIssue<unknown>) => candidate.path?.length ?? 0;
  const most = Math.max(0, ...issues.map(depth));
  const [first, ...others] = issues.filter((candidate) => depth(candidate) === most);
  const below = (candidate: v.BaseIssue<unknown>, path: v.BaseIssue<unknown>["path"]) =>
    ({ ...candidate, path }) as v.BaseIssue<unknown>;
  if (first === undefined || most === 0) {
    const reached = issues.find((candidate) => candidate.kind !== "schema");
    return [reached === undefined ? issue : below(reached, issue.path)];
  }
  const placed = (candidate: v.BaseIssue<unknown>) =>
    below(candidate, [...issue.path ?? [], ...candidate.path ?? []] as v.BaseIssue<unknown>["path"]);
  return [...deepest(placed(first)), ...others.map(placed)];
}

function expectation(issue: v.BaseIssue<unknown>): string {
  if (issue.kind !== "schema" && !issue.message.startsWith("Invalid")) return issue.message;
  if (issue.type === "union" && issue.path?.[0]?.key === "tools") {
    return 'a version (`"1.2"`) or a table with one';
  }
  const expected = (issue.expected ?? issue.message).replaceAll(/[()]/g, "").split(" | ");
  const words = [...new Set(expected.map((one) => EXPECTATIONS[one] ?? one))];
  return words.length <= 2 ? words.join(" or ") : `one of ${words.join(", ")}`;
}

const EXPECTATIONS: Readonly<Record<string, string>> = {
  Object: "a table",
  Array: "a list",
  string: "a string",
  boolean: "true or false",
  number: "a number",
};

/** A value as a message calls it: a text as it is written, anything larger by what it is. */
function given(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object" && value !== null) return "a table";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function knownKeys(issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string {
  const keys = (issue.path ?? []).map((item) => String(item.key));
  const known = keysAt(schema, keys.slice(0, -1));
  if (keys.length === 1 && typeof issue.path?.[0]?.value === "string" && known.includes("tools")) {
    return `A tool and its version stand below [tools]; known keys here: ${known.join(", ")}`;
  }
  return nextForKey(keys.at(-1) ?? "", known);
}

function nextForKey(key: string, known: readonly string[]): string {
  const near = meantKey(key, known);
  return near === undefined ? `Known keys: ${known.join(", ")}` : `Did you mean "${near}"?`;
}

/** The keys that a schema has for the table at a path; the ones of a union are those of its tables. */
function keysAt(schema: unknown, path: readonly string[]): string[] {
  const [key, ...rest] = path;
  const { wrapped, options, entries, value, item } = schema as Partial<Record<string, unknown>>;
  if (wrapped !== undefined) return keysAt(wrapped, path);
  if (item !== undefined) return key === undefined ? [] : keysAt(item, rest);
  if (Array.isArray(options)) {
    return [
      ...new Set(options.flatMap((option) => typeof option === "object" ? keysAt(option, path) : [])),
    ];
  }
  if (typeof entries === "object" && entries !== null) {
    if (key !== undefined) return keysAt((entries as Record<string, unknown>)[key], rest);
    return Object.entries(entries).flatMap(([name, entry]) =>
      entry?.wrapped?.type === "custom" ? [] : [name]
    );
  }
  return key !== undefined && typeof value === "object" ? keysAt(value, rest) : [];
}

/** Names that every object of JavaScript's has: a table with them could not be told from one without. */
const RESERVED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Why a document is refused before it is looked at. Without recursion: a text can nest deeper than the stack.
 */
function unusable(document: unknown): string | undefined {
  let level = [document];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST.depth) return `its tables are more than ${MOST.depth} deep`;
    const entries = level.flatMap((value) =>
      typeof value === "object" && value !== null ? Object.entries(value) : []
    );
    const reserved = entries.find(([key]) => RESERVED.has(key));
    if (reserved !== undefined) return `nothing can be called "${reserved[0]}" there`;
    level = entries.map(([, value]) => value);
  }
  return undefined;
}
