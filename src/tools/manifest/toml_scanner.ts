/** Where something stands in a text; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** A value that a bracket, a brace or a quote opens. */
interface Opening extends Position {
  what: "list" | "table" | "string";
}

/** Where the keys of a TOML text stand, as far as it can be read. */
export interface TomlScan {
  /** By the JSON of their path: `["apps","web","command",0]`. */
  positions: ReadonlyMap<string, Position>;
  /** What is still open where reading ended, outermost first. */
  open: readonly Opening[];
}

export function positionKey(path: readonly (string | number)[]): string {
  return JSON.stringify(path);
}

/**
 * Finds the keys of a TOML text, whose parser tells values and no places. A text with mistakes is read up to
 * the first one; whether it is TOML is the parser's to say.
 */
export function scanToml(text: string): TomlScan {
  return new Scanner(text).scan();
}

type Path = readonly (string | number)[];

/** No key of haft's has so many parts. Each part costs as much again as all before it. */
const MOST_PARTS = 64;

class Unreadable extends Error {}

class Scanner {
  readonly #text: string;
  readonly #positions = new Map<string, Position>();
  readonly #open: Opening[] = [];
  /** How many tables each array of tables has so far. */
  readonly #counts = new Map<string, number>();
  #at = 0;

  readonly #lineStarts: readonly number[];

  constructor(text: string) {
    this.#text = text;
    this.#lineStarts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  }

  scan(): TomlScan {
    try {
      let table: Path = [];
      for (;;) {
        this.#skip(/[\s]|#[^\n]*/y);
        if (this.#at >= this.#text.length) break;
        if (this.#text[this.#at] === "[") table = this.#head();
        else this.#pair(table);
      }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
    return { positions: this.#positions, open: this.#open };
  }

  #head(): Path {
    const array = this.#text.startsWith("[[", this.#at);
    const start = this.#at;
    this.#at += array ? 2 : 1;
    const keys = this.#dottedKey();
    this.#expect(array ? "]]" : "]");
    const path = this.#resolve(keys.map(({ key }) => key));
    if (!array) {
      this.#note(path, start);
      return path;
    }
    const count = this.#counts.get(positionKey(path)) ?? 0;
    this.#counts.set(positionKey(path), count + 1);
    this.#note(path, start);
    this.#note([...path, count], start);
    return [...path, count];
  }

  /** `[apps.x]` below `[[apps]]` is about the last of the array. */
  #resolve(keys: readonly string[]): Path {
    return keys.reduce<Path>((path, key, place) => {
      const next = [...path, key];
      const count = this.#counts.get(positionKey(next));
      return count === undefined || place === keys.length - 1 ? next : [...next, count - 1];
    }, []);
  }

  #pair(table: Path): void {
    let path = table;
    for (const { key, start } of this.#dottedKey()) {
      path = [...path, key];
      this.#note(path, start);
    }
    this.#expect("=");
    this.#value(path);
  }

  #dottedKey(): { key: string; start: number }[] {
    const keys: { key: string; start: number }[] = [];
    do {
      if (keys.length === MOST_PARTS) throw new Unreadable();
      this.#skip(/[ \t]/y);
      const start = this.#at;
      keys.push({ key: this.#key(), start });
      this.#skip(/[ \t]/y);
    } while (this.#take("."));
    return keys;
  }

  #key(): string {
    const bare = this.#match(/[A-Za-z0-9_-]+/y);
    if (bare !== undefined) return bare;
    const literal = this.#match(/'[^'\n]*'/y);
    if (literal !== undefined) return literal.slice(1, -1);
    const quoted = this.#match(/"(?:[^"\\\n]|\\.)*"/y);
    if (quoted === undefined) throw new Unreadable();
    try {
      return String(
        JSON.parse(
          quoted.replace(
            /\\U([0-9A-Fa-f]{8})|\\e/g,
            (_, hex: string | undefined) =>
              JSON.stringify(hex === undefined ? "\u001b" : String.fromCodePoint(parseInt(hex, 16))).slice(
                1,
                -1,
              ),
          ),
        ),
      );
    } catch {
      throw new Unreadable();
    }
  }

  #value(path: Path): void {
    this.#skip(/[ \t]/y);
    switch (this.#text[this.#at]) {
      case "[":
        return this.#list(path);
      case "{":
        return this.#inlineTable(path);
      case '"':
      case "'":
        return this.#string();
      default:
        if (this.#match(/[^\s,\]}#]+(?: [0-9][^\s,\]}#]*)?/y) === undefined) throw new Unreadable();
    }
  }

  #string(): void {
    this.#begin("string");
    const closed = this.#match(
      /"""(?:[^"\\]|\\[^]|"{1,2}(?!"))*"""+|'''(?:[^']|'{1,2}(?!'))*'''+|"(?!"")(?:[^"\\\n]|\\[^\n])*"|'(?!'')[^'\n]*'/y,
    );
    if (closed === undefined) throw new Unreadable();
    this.#open.pop();
  }

  #list(path: Path): void {
    this.#begin("list");
    this.#at++;
    for (let index = 0;; index++) {
      this.#skip(/[\s]|#[^\n]*/y);
      if (this.#take("]")) break;
      this.#note([...path, index], this.#at);
      this.#value([...path, index]);
      this.#skip(/[\s]|#[^\n]*/y);
      if (!this.#take(",") && this.#text[this.#at] !== "]") throw new Unreadable();
    }
    this.#open.pop();
  }

  #inlineTable(path: Path): void {
    this.#begin("table");
    this.#at++;
    for (;;) {
      this.#skip(/[\s]|#[^\n]*/y);
      if (this.#take("}")) break;
      this.#pair(path);
      this.#skip(/[\s]|#[^\n]*/y);
      if (!this.#take(",") && this.#text[this.#at] !== "}") throw new Unreadable();
    }
    this.#open.pop();
  }

  #begin(what: Opening["what"]): void {
    this.#open.push({ what, ...this.#position(this.#at) });
  }

  /** The first place counts: a table may be spoken of before it is opened. */
  #note(path: Path, at: number): void {
    const key = positionKey(path);
    if (!this.#positions.has(key)) this.#positions.set(key, this.#position(at));
  }

  #position(at: number): Position {
    let [low, high] = [0, this.#lineStarts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (this.#lineStarts[low] ?? 0) + 1 };
  }

  #expect(text: string): void {
    this.#skip(/[ \t]/y);
    if (!this.#take(text)) throw new Unreadable();
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skip(pattern: RegExp): void {
    while (this.#match(pattern) !== undefined);
  }
}
