import type { ColorChoice, Output } from "../output.ts";

/**
 * What one of several hosts prints: each line with the host's name. JSON stays JSON: an object with the host
 * and what it said, one a line.
 *
 * @param json `lines` for a JSON text on each line, `whole` for one text in all
 */
export class HostOutput implements Output {
  readonly #host: string;
  readonly #output: Output;
  readonly #json: "none" | "lines" | "whole";
  #text = "";

  constructor(host: string, output: Output, json: "none" | "lines" | "whole") {
    this.#host = host;
    this.#output = output;
    this.#json = json;
  }

  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#json === "whole") return;
    const end = this.#text.lastIndexOf("\n") + 1;
    const lines = this.#text.slice(0, end).split("\n").slice(0, -1);
    this.#text = this.#text.slice(end);
    if (lines.length > 0) await this.#output.write(lines.map((line) => this.#line(line)).join(""));
  }

  data(text: string): Promise<void> {
    return this.write(text);
  }

  bytes(chunk: Uint8Array): Promise<void> {
    return this.write(new TextDecoder().decode(chunk));
  }

  draw(text: string): Promise<void> {
    return this.write(text);
  }

  /** Prints what is left. */
  async end(): Promise<void> {
    const rest = this.#text;
    this.#text = "";
    if (rest !== "") await this.#output.write(this.#line(rest.trimEnd()));
  }

  get closed(): boolean {
    return this.#output.closed;
  }

  /** Whole screens cannot be shared by hosts. */
  get isTTY(): boolean {
    return false;
  }

  get columns(): number {
    return this.#output.columns;
  }

  get color(): boolean {
    return this.#output.color;
  }

  useColor(when: ColorChoice): void {
    this.#output.useColor(when);
  }

  #line(text: string): string {
    if (this.#json === "none") return `${this.#host} | ${text}\n`;
    try {
      return `${JSON.stringify({ host: this.#host, data: JSON.parse(text) })}\n`;
    } catch {
      return `${JSON.stringify({ host: this.#host, text })}\n`;
    }
  }
}
