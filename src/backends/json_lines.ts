import { StringDecoder } from "node:string_decoder";

export interface JsonLinesOptions {
  onValue: (value: Record<string, unknown>) => void;
  /** Gets every line that is no JSON object, without its end. */
  onText: (line: string) => void;
  /** Characters of the longest line; a longer one comes in pieces, as text. */
  longest?: number;
}

const LONGEST = 16 * 1024 * 1024;

/** Splits a stream of bytes into lines: JSON objects, and text that the program printed. */
export class JsonLines {
  readonly #options: JsonLinesOptions;
  readonly #decoder = new StringDecoder("utf8");
  #rest: string[] = [];
  #length = 0;

  constructor(options: JsonLinesOptions) {
    this.#options = options;
  }

  push(chunk: Uint8Array): void {
    const text = this.#decoder.write(chunk);
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      this.#keep(text.slice(from, at));
      this.#line();
      from = at + 1;
    }
    this.#keep(text.slice(from));
    const { longest = LONGEST } = this.#options;
    if (this.#length <= longest) return;
    this.#options.onText(this.#take());
  }

  /** Call it at the end of the stream: an unfinished line counts as a line. */
  end(): void {
    this.#keep(this.#decoder.end());
    if (this.#length > 0) this.#line();
  }

  #keep(text: string): void {
    if (text === "") return;
    this.#rest.push(text);
    this.#length += text.length;
  }

  #take(): string {
    const line = this.#rest.join("");
    this.#rest = [];
    this.#length = 0;
    return line;
  }

  #line(): void {
    const line = this.#take().replace(/\r$/, "");
    if (line.startsWith("{")) {
      try {
        return this.#options.onValue(JSON.parse(line));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }
    if (line !== "") this.#options.onText(line);
  }
}
