/**
 * Files of variables, read as dotenv reads them. That library's one expression takes a time that grows with
 * the square of the file's blank lines, and a stranger's file is read before trust; here each part is looked
 * at once. What trust is bound to and what programs get come from this same reader.
 */

/** A variable, from its name on. */
const VARIABLE =
  /(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/my;
const SPACE = /\s*/y;
const LINE_END = /[\n\u2028\u2029]/g;

/** The variables in the text of a `.env` file; nothing in their values is filled in. */
export function parseDotenv(text: string): Record<string, string> {
  const source = text.replaceAll(/\r\n?/g, "\n");
  const variables: Record<string, string> = {};
  for (let at = 0; at < source.length;) {
    SPACE.lastIndex = at;
    SPACE.exec(source);
    const start = SPACE.lastIndex;
    VARIABLE.lastIndex = start;
    const match = VARIABLE.exec(source);
    if (match !== null) variables[match[1] ?? ""] = valueOf(match[2] ?? "");
    // A variable ends where its line does.
    at = match === null ? nextLine(source, start) : start + match[0].length;
  }
  return variables;
}

function nextLine(source: string, from: number): number {
  LINE_END.lastIndex = from;
  return LINE_END.exec(source) === null ? source.length : LINE_END.lastIndex;
}

function valueOf(written: string): string {
  const value = written.trim();
  const text = value.replace(/^(['"`])([\s\S]*)\1$/gm, "$2");
  return value.startsWith('"') ? text.replaceAll("\\n", "\n").replaceAll("\\r", "\r") : text;
}
