/**
 * Where a text stops being JSON, as `:LINE: reason`. The runtimes' own messages differ, and one of them has
 * no place: the longest beginning that is still JSON so far tells it.
 */
export function jsonFault(text: string): string {
  const at = new JsonScanner(text).fault();
  const line = text.slice(0, at).split("\n").length;
  const rest = text.slice(at).trimStart();
  return `:${line}: ${rest === "" ? "the file ends too soon" : `unexpected ${JSON.stringify([...rest][0])}`}`;
}

/** Reads JSON up to the first mistake; the value itself is of no interest. */
class JsonScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fault(): number {
    if (this.#value()) this.#space();
    return this.#at;
  }

  /** Each method is false where the text is wrong, and leaves the place there. */
  #value(): boolean {
    this.#space();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#list("}", () => this.#string() && this.#expect(":") && this.#value());
      case "[":
        return this.#list("]", () => this.#value());
      case '"':
        return this.#string();
      default:
        return this.#match(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    }
  }

  #list(end: string, item: () => boolean): boolean {
    this.#at++;
    if (this.#take(end)) return true;
    do {
      this.#space();
      if (!item()) return false;
    } while (this.#take(","));
    return this.#expect(end);
  }

  #string(): boolean {
    // deno-lint-ignore no-control-regex -- JSON's own rule
    return this.#match(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
  }

  #expect(char: string): boolean {
    return this.#take(char);
  }

  #take(char: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    this.#match(/[ \t\r\n]*/y);
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return false;
    this.#at += found[0].length;
    return true;
  }
}
