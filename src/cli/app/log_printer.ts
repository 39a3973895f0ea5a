import { createStyle } from "../../ui/style.ts";
import { cell, widest } from "../../ui/text.ts";
import { ProgramText } from "../../ui/program_text.ts";
import { cellText } from "../../ui/terminal_text.ts";
import type { AppStatus } from "../../protocol/methods/app_methods.ts";
import type { Output } from "../output.ts";

/** One line that an app wrote, from a log or from an event. */
export interface AppLine {
  app: string;
  instance: number;
  stream: "stdout" | "stderr";
  line: string;
  /** Milliseconds since 1970; null when it is not known. */
  time: number | null;
  partial: boolean;
}

const COLORS = ["cyan", "green", "yellow", "bold"] as const;

/**
 * Prints lines of several apps, each with its app's name in its colour in front, as `status` has it: `web:1`
 * where there are several instances. A bar follows: `|` on stdout, `!` on stderr.
 */
export class LogPrinter {
  readonly #output: Output;
  readonly #json: boolean;
  readonly #timestamps: boolean;
  /** Apps of several instances. */
  readonly #several = new Set<string>();
  readonly #order = new Map<string, number>();
  #widest = 0;

  constructor(output: Output, { json, timestamps = false }: { json: boolean; timestamps?: boolean }) {
    this.#output = output;
    this.#json = json;
    this.#timestamps = timestamps;
  }

  /** Learns which apps have several instances. */
  know(apps: readonly Pick<AppStatus, "name" | "instances">[]): void {
    for (const { name, instances } of apps) if (instances.length > 1) this.#several.add(name);
  }

  async print(line: AppLine): Promise<void> {
    if (this.#json) return await this.#output.write(`${JSON.stringify(line)}\n`);
    const { app, instance, stream, line: text, time, partial } = line;
    if (instance > 0) this.#several.add(app);
    const place = this.#order.get(app) ?? this.#order.size;
    this.#order.set(app, place);
    const shownName = cellText(this.#several.has(app) ? `${app}:${instance}` : app);
    this.#widest = Math.max(this.#widest, widest([shownName]));
    const { color } = this.#output;
    const style = createStyle(color);
    const paint = style[COLORS[place % COLORS.length] ?? "cyan"];
    const bar = stream === "stderr" ? style.red("!") : "|";
    const program = new ProgramText({ color });
    const shown = program.push(text) + program.end();
    // A line of the log may hold several that a carriage return separates.
    const stamp = this.#timestamps ? `${style.dim(timestamp(time))} ` : "";
    const lines = shown.split("\n").map((part) =>
      `${stamp}${paint(cell(shownName, this.#widest))} ${bar} ${part}`
    );
    await this.#output.write(`${lines.join("\n")}${partial ? " …" : ""}\n`);
  }
}

/** Local time to the second with its offset, as wide whether it is known or not. */
function timestamp(time: number | null): string {
  if (time === null) return "-".padEnd(25);
  const minutes = -new Date(time).getTimezoneOffset();
  const local = new Date(time + minutes * 60_000).toISOString().slice(0, 19);
  const two = (number: number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
  return `${local}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}
