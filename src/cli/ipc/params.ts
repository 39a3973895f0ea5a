import { readFileSync } from "node:fs";
import { errorCode, errorMessage, UsageError } from "../../base/errors.ts";

/**
 * The parameters of a method on a command line: nothing, one JSON text, `@FILE`, `-` for stdin, or
 * `key=value` pairs. A value is read as JSON where it is JSON, else as text; `a.b=1` is `{"a": {"b": 1}}`.
 *
 * @throws {UsageError}
 */
export async function readParams(words: readonly string[]): Promise<unknown> {
  const [first, ...more] = words;
  if (first === undefined) return {};
  if (/^[A-Za-z_][\w.-]*=/.test(first)) return pairs(words);
  if (more.length > 0) {
    throw new UsageError(`Unexpected argument "${more[0]}"`, {
      next: "Give one JSON text, or key=value pairs",
    });
  }
  if (first === "-") return parseJson(await readStdin(), "stdin");
  if (first.startsWith("@")) return parseJson(readFile(first.slice(1)), first.slice(1));
  return parseJson(first, "the command line");
}

function pairs(words: readonly string[]): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  for (const word of words) {
    const at = word.indexOf("=");
    if (at <= 0) throw new UsageError(`"${word}" is not a key=value pair`);
    setPath(params, word.slice(0, at).split("."), valueOf(word.slice(at + 1)));
  }
  return params;
}

function setPath(
  target: Record<string, unknown>,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): void {
  if (key === "" || key === "__proto__" || key === "constructor") {
    throw new UsageError(`"${key}" cannot be a key`);
  }
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  const next = typeof inner === "object" && inner !== null ? inner as Record<string, unknown> : {};
  target[key] = next;
  setPath(next, rest, value);
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`The parameters from ${source} are not JSON: ${errorMessage(error)}`, {
      next: `Write JSON such as '{"key": "value"}', or key=value`,
    });
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read "${path}": ${errorCode(error) ?? errorMessage(error)}`);
  }
}

/** All of stdin as text. */
async function readStdin(): Promise<string> {
  const [{ toText }, { standardInput }] = await Promise.all([
    import("@std/streams/to-text"),
    import("../standard_input.ts"),
  ]);
  return await toText(standardInput());
}
