/** Where a haft.toml has its tables and keys: enough for lenses, completion and going to a definition. */
export interface TableHeader {
  /** `["tasks", "build"]` */
  path: readonly string[];
  /** From 0. */
  line: number;
  start: number;
  end: number;
}

export interface KeyLine {
  /** Of the table that it is in. */
  table: readonly string[];
  key: readonly string[];
  line: number;
  start: number;
  end: number;
  /** Column of the value's first character. */
  value: number;
}

export interface Outline {
  tables: readonly TableHeader[];
  keys: readonly KeyLine[];
}

const HEADER = /^(\s*)\[\[?\s*((?:"[^"]*"|'[^']*'|[\w\-.]|\s)+?)\s*\]\]?/;
const KEY = /^(\s*)((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=\s*/;

export function outlineOf(text: string): Outline {
  const tables: TableHeader[] = [];
  const keys: KeyLine[] = [];
  const rest = new OpenValue();
  for (const [line, content] of text.split(/\r?\n/).entries()) {
    if (rest.isOpen) {
      rest.read(content);
      continue;
    }
    const header = HEADER.exec(content);
    const key = header === null ? KEY.exec(content) : null;
    if (header !== null) {
      const [whole = "", indent = "", name = ""] = header;
      tables.push({ path: partsOf(name), line, start: indent.length, end: whole.length });
    } else if (key !== null) {
      const [whole = "", indent = "", name = ""] = key;
      const start = indent.length;
      const table = tables.at(-1)?.path ?? [];
      keys.push({ table, key: partsOf(name), line, start, end: start + name.length, value: whole.length });
      rest.read(content.slice(whole.length));
    }
  }
  return { tables, keys };
}

/** `"a.b".c` → `a.b`, `c` */
function partsOf(name: string): string[] {
  return [...name.matchAll(/"([^"]*)"|'([^']*)'|([\w-]+)/g)].map(([, double, single, bare]) =>
    double ?? single ?? bare ?? ""
  );
}

/** Whether a value that began goes on in the next line: a list, a table, or a text of several lines. */
class OpenValue {
  #depth = 0;
  #quotes: '"""' | "'''" | undefined;

  get isOpen(): boolean {
    return this.#depth > 0 || this.#quotes !== undefined;
  }

  read(text: string): void {
    for (let at = 0; at < text.length;) {
      if (this.#quotes !== undefined) {
        const end = text.indexOf(this.#quotes, at);
        if (end < 0) return;
        at = end + 3;
        this.#quotes = undefined;
        continue;
      }
      const three = text.slice(at, at + 3);
      if (three === '"""' || three === "'''") {
        this.#quotes = three;
        at += 3;
        continue;
      }
      const char = text[at];
      if (char === "#") return;
      if (char === '"' || char === "'") at = afterString(text, at);
      else {
        if (char === "[" || char === "{") this.#depth++;
        if (char === "]" || char === "}") {
          this.#depth = Math.max(this.#depth - 1, 0);
        }
        at++;
      }
    }
  }
}

function afterString(text: string, at: number): number {
  const quote = text[at];
  for (let next = at + 1; next < text.length; next++) {
    if (text[next] === "\\" && quote === '"') next++;
    else if (text[next] === quote) return next + 1;
  }
  return text.length;
}

/** The key whose value began in an earlier line and goes on at this one. */
export function openKeyAt(text: string, line: number): KeyLine | undefined {
  const lines = text.split(/\r?\n/);
  const key = outlineOf(text).keys.findLast((one) => one.line < line);
  if (key === undefined) return undefined;
  const value = new OpenValue();
  value.read((lines[key.line] ?? "").slice(key.value));
  for (let next = key.line + 1; next < line && value.isOpen; next++) value.read(lines[next] ?? "");
  return value.isOpen ? key : undefined;
}

/** The table that a line is in. */
export function tableAt({ tables }: Outline, line: number): readonly string[] {
  return tables.findLast((table) => table.line <= line)?.path ?? [];
}

/** Where `[tasks.NAME]` or `NAME =` of `[tasks]` stands. */
export function placeOfEntry(
  outline: Outline,
  section: string,
  name: string,
): { line: number; start: number; end: number } | undefined {
  return outline.tables.find(({ path }) => path.length === 2 && path[0] === section && path[1] === name) ??
    outline.keys.find(({ table, key }) =>
      [...table, ...key].slice(0, 2).join("\0") === `${section}\0${name}`
    );
}
