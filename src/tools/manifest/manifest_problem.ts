import { readTextFile } from "../../base/read_text_file.ts";
import { isAbsolute } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { codeFrame } from "./toml_fault.ts";
import { type Position, positionKey, scanToml } from "./toml_scanner.ts";

/** One thing that is wrong in a file that a person wrote. */
export interface ManifestProblem {
  /** Where in the document: `["apps", "web", "command", 0]`. */
  keys: readonly (string | number)[];
  /** Begins with the key: `key "tools.node.verzion" is not known`. */
  message: string;
  next?: string;
  /** The key is none that haft knows. */
  isUnknown?: boolean;
}

/** How messages call the file. */
export interface TomlFile {
  /** `manifest`, `settings`. */
  what: string;
  path: string;
}

/** A haft.toml that cannot be used; the file may have more problems than the one it names. */
export class ManifestError extends UsageError {
  override readonly name = "ManifestError";
  readonly path: string;

  constructor(message: string, { path, next }: { path: string; next: string | undefined }) {
    super(message, next === undefined ? {} : { next });
    this.path = path;
  }
}

/** The place of the keys, or of the nearest table around them that the text names. */
export function placeOf(keys: ManifestProblem["keys"], text: string): Position | undefined {
  const { positions } = scanToml(text.replaceAll("\r\n", "\n"));
  for (let length = keys.length; length > 0; length--) {
    const place = positions.get(positionKey(keys.slice(0, length)));
    if (place !== undefined) return place;
  }
  return undefined;
}

/** The problem as lines of text: its place, what is wrong, the line itself, and the next step. */
export function problemText({ keys, message, next }: ManifestProblem, path: string, text: string): string {
  const place = placeOf(keys, text);
  const [where, frame] = place === undefined
    ? [path, []]
    : [`${path}:${place.line}:${place.column}`, [codeFrame(text, place)]];
  const below = [...frame, ...(next === undefined ? [] : [next])].flatMap((part) => part.split("\n"));
  return [`${where}: ${message}`, ...below.map((line) => `  ${line}`)].join("\n");
}

/**
 * The problem as an error, with line, column and a caret where the file says so.
 *
 * @param text the file's, when it is at hand; else it is read again
 */
export function problemError(
  { keys, message, next }: ManifestProblem,
  { what, path }: TomlFile,
  text: string | undefined = readText(path),
): UsageError {
  const place = text === undefined ? undefined : placeOf(keys, text);
  const found = text === undefined || place === undefined ? { where: ` "${path}": `, lines: [] } : {
    where: `: ${path}:${place.line}:${place.column}: `,
    lines: [codeFrame(text, place)],
  };
  const said = `Cannot read ${what}${found.where}${message}`;
  const lines = [...found.lines, ...(next === undefined ? [] : [next])];
  const further = lines.length === 0 ? undefined : lines.join("\n");
  if (what === "manifest" && isAbsolute(path)) return new ManifestError(said, { path, next: further });
  return new UsageError(said, further === undefined ? {} : { next: further });
}

function readText(path: string): string | undefined {
  // A name alone is how a message calls a text that is in no file.
  if (!isAbsolute(path)) return undefined;
  try {
    return readTextFile(path);
  } catch {
    return undefined;
  }
}
