import type { Pattern } from "../../base/pattern.ts";
import { Buffer, isAscii, isUtf8 } from "node:buffer";
import { LineSplitter, LONGEST_LINE, type SplitLine } from "./line_splitter.ts";
import { requiredTexts } from "./required_texts.ts";

/** A line, or a piece of one that is too long, and where it begins. */
export interface LineAt extends SplitLine {
  offset: number;
}

/** Finds lines in bytes: those that match an expression, or all. */
export class LineMatcher {
  readonly #grep: Pattern | undefined;
  /** Each line that matches has one of them. */
  readonly #texts: Buffer[] | undefined;

  constructor(grep: Pattern | undefined) {
    this.#grep = grep;
    this.#texts = grep === undefined
      ? undefined
      : requiredTexts(grep.source)?.map((text) => Buffer.from(text));
  }

  /** Whether it passes over bytes without a match without a look at each line. */
  get isQuick(): boolean {
    return this.#grep === undefined || this.#texts !== undefined;
  }

  matches({ text }: SplitLine): boolean {
    return this.#grep?.test(text) !== false;
  }

  /** @param bytes whole lines; the last may lack its end */
  in(bytes: Buffer): LineAt[] {
    if (this.#grep === undefined || !isUtf8(bytes)) return this.#among(bytes, 0);
    const starts = this.#texts === undefined
      ? startsByText(bytes, this.#grep)
      : startsWith(bytes, this.#texts);
    if (starts === undefined) return this.#among(bytes, 0);
    return starts.flatMap((start) => {
      const end = bytes.indexOf(NEWLINE, start);
      return this.#among(bytes.subarray(start, end === -1 ? bytes.length : end + 1), start);
    });
  }

  #among(bytes: Buffer, start: number): LineAt[] {
    const splitter = new LineSplitter();
    let offset = start;
    const found: LineAt[] = [];
    for (const line of [...splitter.push(bytes), ...splitter.flush()]) {
      if (this.matches(line)) found.push({ ...line, offset });
      offset += line.bytes;
    }
    return found;
  }
}

const NEWLINE = 10;

/** Where the lines begin that have one of the texts, in order. */
function startsWith(bytes: Buffer, texts: readonly Buffer[]): number[] {
  const starts = new Set<number>();
  for (const text of texts) {
    for (let at = bytes.indexOf(text); at !== -1;) {
      starts.add(at === 0 ? 0 : bytes.lastIndexOf(NEWLINE, at - 1) + 1);
      const end = bytes.indexOf(NEWLINE, at);
      if (end === -1) break;
      at = bytes.indexOf(text, end + 1);
    }
  }
  return [...starts].sort((a, b) => a - b);
}

/** Where the lines begin that match; undefined where one is so long that it is several. */
function startsByText(bytes: Buffer, grep: Pattern): number[] | undefined {
  const lines = bytes.toString(isAscii(bytes) ? "latin1" : "utf8").split("\n");
  const found: number[] = [];
  for (const [number, line] of lines.entries()) {
    // A character has three bytes at most.
    if (line.length * 3 >= LONGEST_LINE) return undefined;
    if (grep.test(line.endsWith("\r") ? line.slice(0, -1) : line)) found.push(number);
  }
  if (found.length === 0) return found;
  const starts: number[] = [];
  let start = 0;
  for (const number of lines.keys()) {
    if (number === found[starts.length]) starts.push(start);
    if (starts.length === found.length) break;
    start = bytes.indexOf(NEWLINE, start) + 1;
  }
  // After the last end no line begins.
  return starts.filter((one) => one < bytes.length);
}
