import { createStyle } from "../../ui/style.ts";
import { cell, widest } from "../../ui/text.ts";
import { ProgramText } from "../../ui/program_text.ts";
import { cellText } from "../../ui/terminal_text.ts";
import type { Output } from "../output.ts";

/** One line that an app wrote, from a log or from an event. */
export interface AppLine {
  app: string;
  instance: number;
  stream: "stdout" | "stderr";
  line: string;
  partial: boolean;
}

const COLORS = ["cyan", "green", "yellow", "bold"] as const;

/** Prints lines of several apps, each with its app's name in its colour in front. */
export class LogPrinter {
  readonly #output: Output;
  readonly #json: boolean;
  readonly #order = new Map<string, number>();
  #widest = 0;

  constructor(output: Output, { json }: { json: boolean }) {
    this.#output = output;
    this.#json = json;
  }

  async print(line: AppLine): Promise<void> {
    if (this.#json) return await this.#output.write(`${JSON.stringify(line)}\n`);
    const { app, stream, line: text, partial } = line;
    const place = this.#order.get(app) ?? this.#order.size;
    this.#order.set(app, place);
    const shownName = cellText(app);
    this.#widest = Math.max(this.#widest, widest([shownName]));
    const { color } = this.#output;
    const style = createStyle(color);
    const paint = style[COLORS[place % COLORS.length] ?? "cyan"];
    const bar = stream === "stderr" ? style.red("|") : "|";
    const program = new ProgramText({ color });
    const shown = program.push(text) + program.end();
    // A line of the log may hold several that a carriage return separates.
    const lines = shown.split("\n").map((part) => `${paint(cell(shownName, this.#widest))} ${bar} ${part}`);
    await this.#output.write(`${lines.join("\n")}${partial ? " …" : ""}\n`);
  }
}
