import { createStyle } from "../../ui/style.ts";
import { cell, widest } from "../../ui/text.ts";
import type { Output } from "../command.ts";

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
    this.#widest = Math.max(this.#widest, widest([app]));
    const style = createStyle(this.#output.color);
    const paint = style[COLORS[place % COLORS.length] ?? "cyan"];
    const name = cell(app, this.#widest);
    const bar = stream === "stderr" ? style.red("|") : "|";
    await this.#output.write(`${paint(name)} ${bar} ${text}${partial ? " …" : ""}\n`);
  }
}
