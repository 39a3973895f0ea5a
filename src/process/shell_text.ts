/**
 * Puts words into a text for a POSIX shell as data: each becomes a reference to a variable, written for the
 * quotes around its place. No value is ever part of the text, so none can be read as code.
 */
import { UsageError } from "../base/errors.ts";
import { takesWords } from "./shell_end.ts";

/** Where in a text a shell is. */
type Frame =
  /** Commands, up to the text that ends them: `)`, a backquote, or the end; a group is `( … )` or `{ … }`. */
  | { kind: "code"; close: string; opened?: "group" | "function" }
  /** Within `"…"`, an unquoted here-document or `${…}` in one of them. */
  | { kind: "double"; close: string }
  | { kind: "arithmetic"; close: string };

/** The references that stand for a placeholder; undefined leaves it as it is. */
export type References = (name: string) => readonly string[] | undefined;

/** What stands before the body of a function. */
const FUNCTION = /(?:\(\s*\)|(?:^|[\s;&|])function\s+[^\s(){}]+)\s*$/;
/** Uses of the caller's words: one by its number, or all of them. */
const WORDS = /\$(?:([1-9])|\{([1-9]\d*)|[@*#]|\{[@*#])/y;
/** What reads all words without their names: a loop without `in`, `shift`, `getopts`. */
const READS_ALL = /(?:shift|getopts|for\s+\w+\s*(?:;|\n)?\s*do)(?![\w-])/y;
const PLACEHOLDER = /\{\{\s*(?:args\.)?([A-Za-z][\w-]*)\s*\}\}/y;

/**
 * @param references the variables of a placeholder
 * @throws {UsageError} for a placeholder at a place that can hold no data
 */
export function placeInShell(text: string, references: References): PlacedText {
  const placing = new ShellText(text, references);
  const placed = placing.placed();
  return { text: placed, words: placing.words, takesMore: placing.takesMore };
}

export interface PlacedText {
  text: string;
  /**
   * How many words of its caller it uses: the highest of `$1`, `$2`, or Infinity for `$@`; not those of
   * awk in single quotes, nor those of a function.
   */
  words: number;
  /** Whether words can follow it: a comment, a here-document, `fi`, `)` or `X=1` take none. */
  takesMore: boolean;
}

class ShellText {
  readonly #text: string;
  readonly #references: References;
  readonly #frames: Frame[] = [{ kind: "code", close: "" }];
  readonly #documents: { end: string; quoted: boolean; tabs: boolean }[] = [];
  words = 0;
  /** Within a comment or a here-document. */
  #inert = false;
  /** Where the last command begins, and where the last group in it ended. */
  #command = 0;
  #group: number | undefined;
  #at = 0;
  #out = "";

  constructor(text: string, references: References) {
    this.#text = text;
    this.#references = references;
  }

  placed(): string {
    while (this.#at < this.#text.length) this.#step();
    return this.#out;
  }

  get takesMore(): boolean {
    const after = this.#group === undefined ? undefined : this.#text.slice(this.#group);
    return !this.#inert && takesWords(this.#text.slice(this.#command), after);
  }

  #step(): void {
    this.#inert = false;
    const frame = this.#frames.at(-1) ?? { kind: "code", close: "" };
    if (this.#placeholder(frame.kind)) return;
    const rest = this.#text.slice(this.#at, this.#at + 3);
    if (rest.startsWith("\\")) return this.#copy(2);
    if (this.#closes(frame)) {
      this.#frames.pop();
      this.#copy(frame.close.length);
      if (frame.kind === "code" && frame.opened !== undefined && this.#frames.length === 1) {
        this.#group = this.#at;
      }
      return;
    }
    this.#countWords(frame);
    if (rest === "$((") return this.#open({ kind: "arithmetic", close: "))" }, 3);
    if (rest.startsWith("$(")) return this.#open({ kind: "code", close: ")" }, 2);
    if (rest.startsWith("${")) {
      return this.#open({ kind: frame.kind === "code" ? "code" : "double", close: "}" }, 2);
    }
    if (rest.startsWith("`")) return this.#open({ kind: "code", close: "`" }, 1);
    if (frame.kind !== "code") return this.#copy(1);
    if (rest.startsWith("$'")) return this.#single(2);
    if (rest.startsWith("'")) return this.#single(1);
    if (rest.startsWith('"')) return this.#open({ kind: "double", close: '"' }, 1);
    if (rest.startsWith("(")) return this.#open(this.#groupFrame(")"), 1);
    if (/^\{(?:\s|$)/.test(rest) && this.#beginsWord) return this.#open(this.#groupFrame("}"), 1);
    if (rest.startsWith("#") && /(?:^|[\s;&|()])$/.test(this.#text.slice(0, this.#at))) {
      return this.#comment();
    }
    if (rest.startsWith("<<") && rest !== "<<<") return this.#document();
    if (rest === "<<<") return this.#copy(3);
    if (rest.startsWith("\n")) return this.#newline();
    this.#copy(1);
    if (this.#separates(rest)) this.#beginCommand();
  }

  /** Whether a word begins here. */
  get #beginsWord(): boolean {
    return this.#at === 0 || /[\s;&|()}]/.test(this.#text.charAt(this.#at - 1));
  }

  /** `}` ends a group only as a word; a substitution at any place. */
  #closes(frame: Frame): boolean {
    if (frame.close === "" || !this.#text.startsWith(frame.close, this.#at)) return false;
    if (frame.kind !== "code" || frame.opened === undefined || frame.close !== "}") return true;
    return this.#beginsWord && /^\}(?:[\s;&|)}<>]|$)/.test(this.#text.slice(this.#at, this.#at + 2));
  }

  /** `( … )` or `{ … }`; not `<( … )` and patterns, which are parts of a word. */
  #groupFrame(close: string): Frame {
    const before = this.#text.slice(0, this.#at);
    if (/[<>@?!+*]$/.test(before)) return { kind: "code", close };
    return { kind: "code", close, opened: FUNCTION.test(before) ? "function" : "group" };
  }

  #countWords(frame: Frame): void {
    if (this.#frames.some((one) => one.kind === "code" && one.opened === "function")) return;
    WORDS.lastIndex = READS_ALL.lastIndex = this.#at;
    const use = WORDS.exec(this.#text);
    if (use !== null) this.words = Math.max(this.words, Number(use[1] ?? use[2] ?? Infinity));
    else if (frame.kind === "code" && this.#beginsWord && READS_ALL.test(this.#text)) this.words = Infinity;
  }

  /** Whether the character that was read ends a command; `2>&1` and `&>` do not. */
  #separates(rest: string): boolean {
    if (rest.startsWith("&")) {
      return rest[1] !== ">" && !/[<>]&$/.test(this.#text.slice(0, this.#at));
    }
    return rest.startsWith(";") || (rest.startsWith("|") && !this.#text.slice(0, this.#at).endsWith(">|"));
  }

  #beginCommand(): void {
    if (this.#frames.length > 1) return;
    this.#command = this.#at;
    this.#group = undefined;
  }

  #copy(count: number): void {
    this.#out += this.#text.slice(this.#at, this.#at + count);
    this.#at += count;
  }

  #open(frame: Frame, count: number): void {
    this.#frames.push(frame);
    this.#copy(count);
  }

  /** @returns whether there was one */
  #placeholder(kind: Frame["kind"]): boolean {
    const found = this.#match();
    if (found === undefined) return false;
    const { variables, length, whole } = found;
    if (kind === "arithmetic") throw noPlace(whole, "in arithmetic");
    this.#out += kind === "double"
      ? variables.map((one) => `\${${one}}`).join(" ")
      : variables.map((one) => `"\${${one}}"`).join(" ");
    this.#at += length;
    return true;
  }

  #match(): { variables: readonly string[]; length: number; whole: string } | undefined {
    PLACEHOLDER.lastIndex = this.#at;
    const [whole = "", name = ""] = PLACEHOLDER.exec(this.#text) ?? [];
    const variables = whole === "" ? undefined : this.#references(name);
    return variables === undefined ? undefined : { variables, length: whole.length, whole };
  }

  /** `'…'` or `$'…'`: the quotes are closed around a reference. */
  #single(opening: number): void {
    const start = this.#text.slice(this.#at, this.#at + opening);
    this.#copy(opening);
    while (this.#at < this.#text.length) {
      if (this.#text[this.#at] === "'") return this.#copy(1);
      if (start === "$'" && this.#text[this.#at] === "\\") {
        // A shell without $'…' sees another end of the quotes here.
        this.#refuseAfter("after a backslash in $'…'");
        this.#copy(2);
        continue;
      }
      const found = this.#match();
      if (found === undefined) {
        this.#copy(1);
        continue;
      }
      this.#out += `'"${found.variables.map((one) => `\${${one}}`).join(" ")}"${start}`;
      this.#at += found.length;
    }
  }

  #refuseAfter(where: string): void {
    const from = this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      const found = this.#match();
      if (found !== undefined) throw noPlace(found.whole, where);
    }
    this.#at = from;
  }

  #comment(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#copy((end === -1 ? this.#text.length : end) - this.#at);
    this.#inert = true;
  }

  /** `<<EOF`: its text begins after this line. */
  #document(): void {
    const [whole = "<<", dash = "", word = ""] =
      /^<<(-?)[ \t]*((?:'[^'\n]*'|"[^"\n]*"|\\.|[^\s;&|<>()'"\\])*)/.exec(this.#text.slice(this.#at)) ?? [];
    if (word.includes("{{")) throw noPlace(word, "as the end of a here-document");
    const end = word.replaceAll(/\\(.)|['"]/g, "$1");
    if (word !== "") this.#documents.push({ end, quoted: /['"\\]/.test(word), tabs: dash !== "" });
    this.#copy(whole.length);
  }

  #newline(): void {
    this.#copy(1);
    this.#beginCommand();
    for (const { end, quoted, tabs } of this.#documents.splice(0)) {
      const lines = this.#text.slice(this.#at).split("\n");
      const count = lines.findIndex((line) => (tabs ? line.replace(/^\t+/, "") : line) === end);
      const body = lines.slice(0, count === -1 ? lines.length : count + 1).join("\n");
      this.#out += quoted ? this.#literal(body) : this.#expanded(body);
      this.#at += body.length;
      this.#inert = true;
    }
  }

  /** A here-document without quotes. */
  #expanded(body: string): string {
    const within = new ShellText(body, this.#references);
    within.#frames[0] = { kind: "double", close: "" };
    const text = within.placed();
    this.words = Math.max(this.words, within.words);
    return text;
  }

  /** In a here-document with quotes nothing stands for something else. */
  #literal(body: string): string {
    const from = new ShellText(body, this.#references);
    from.#refuseAfter("in a here-document whose end is in quotes");
    return body;
  }
}

function noPlace(whole: string, where: string): UsageError {
  const name = whole.replaceAll(/[{}\s]/g, "").replace(/^args\./, "");
  const instead = name === "args" ? '"$@"' : `"$HAFT_ARG_${name.replaceAll("-", "_").toUpperCase()}"`;
  return new UsageError(`${whole} cannot stand ${where}`, {
    next: `Write ${instead}, in the double quotes of a command`,
  });
}
