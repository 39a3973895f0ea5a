/**
 * Puts words into a text for a POSIX shell as data: each becomes a reference to a variable, written for the
 * quotes around its place. No value is ever part of the text, so none can be read as code.
 */
import { UsageError } from "../base/errors.ts";

/** Where in a text a shell is. */
type Frame =
  /** Commands, up to the text that ends them: `)`, a backquote, or the end. */
  | { kind: "code"; close: string }
  /** Within `"…"`, an unquoted here-document or `${…}` in one of them. */
  | { kind: "double"; close: string }
  | { kind: "arithmetic"; close: string };

/** The references that stand for a placeholder; undefined leaves it as it is. */
export type References = (name: string) => readonly string[] | undefined;

const PLACEHOLDER = /\{\{\s*(?:args\.)?([A-Za-z][\w-]*)\s*\}\}/y;

/**
 * @param references the variables of a placeholder
 * @throws {UsageError} for a placeholder at a place that can hold no data
 */
export function placeInShell(text: string, references: References): PlacedText {
  const placing = new ShellText(text, references);
  const placed = placing.placed();
  return { text: placed, usesWords: placing.usesWords, end: placing.end };
}

export interface PlacedText {
  text: string;
  /** Whether it uses the words of its caller: `$1`, `$@`, but not those of awk in single quotes. */
  usesWords: boolean;
  /** What it ends with, where that is no command that takes more words. */
  end: "comment" | "document" | undefined;
}

class ShellText {
  readonly #text: string;
  readonly #references: References;
  readonly #frames: Frame[] = [{ kind: "code", close: "" }];
  readonly #documents: { end: string; quoted: boolean; tabs: boolean }[] = [];
  usesWords = false;
  end: PlacedText["end"];
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

  #step(): void {
    this.end = undefined;
    const frame = this.#frames.at(-1) ?? { kind: "code", close: "" };
    if (this.#placeholder(frame.kind)) return;
    const rest = this.#text.slice(this.#at, this.#at + 3);
    if (rest.startsWith("\\")) return this.#copy(2);
    if (frame.close !== "" && rest.startsWith(frame.close)) {
      this.#frames.pop();
      return this.#copy(frame.close.length);
    }
    if (/^\$(?:[@*#1-9]|\{[@*#1-9])/.test(rest)) this.usesWords = true;
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
    if (rest.startsWith("(")) return this.#open({ kind: "code", close: ")" }, 1);
    if (rest.startsWith("#") && /(?:^|[\s;&|()])$/.test(this.#text.slice(0, this.#at))) {
      return this.#comment();
    }
    if (rest.startsWith("<<") && rest !== "<<<") return this.#document();
    if (rest === "<<<") return this.#copy(3);
    if (rest.startsWith("\n")) return this.#newline();
    this.#copy(1);
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
    this.end = "comment";
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
    for (const { end, quoted, tabs } of this.#documents.splice(0)) {
      const lines = this.#text.slice(this.#at).split("\n");
      const count = lines.findIndex((line) => (tabs ? line.replace(/^\t+/, "") : line) === end);
      const body = lines.slice(0, count === -1 ? lines.length : count + 1).join("\n");
      this.#out += quoted ? this.#literal(body) : this.#expanded(body);
      this.#at += body.length;
      this.end = "document";
    }
  }

  /** A here-document without quotes. */
  #expanded(body: string): string {
    const within = new ShellText(body, this.#references);
    within.#frames[0] = { kind: "double", close: "" };
    const text = within.placed();
    this.usesWords ||= within.usesWords;
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
