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
  /** What stands before lines, by what it is made of. */
  readonly #known = new Map<string, string>();
  /** Lines that are not written yet. */
  #waiting = "";
  #written: Promise<void> | undefined;

  constructor(output: Output, { json, timestamps = false }: { json: boolean; timestamps?: boolean }) {
    this.#output = output;
    this.#json = json;
    this.#timestamps = timestamps;
  }

  /** Learns which apps have several instances. */
  know(apps: readonly Pick<AppStatus, "name" | "instances">[]): void {
    for (const { name, instances } of apps) if (instances.length > 1) this.#several.add(name);
  }

  /** Lines that come together are one write. @returns when the system has taken it */
  print(line: AppLine): Promise<void> {
    this.#waiting += this.#json ? `${JSON.stringify(line)}\n` : this.#shown(line);
    return this.#written ??= Promise.resolve().then(() => {
      const text = this.#waiting;
      this.#waiting = "";
      this.#written = undefined;
      return this.#output.write(text);
    });
  }

  #shown({ app, instance, stream, line: text, time, partial }: AppLine): string {
    if (instance > 0) this.#several.add(app);
    const { color } = this.#output;
    const stamp = this.#timestamps ? `${createStyle(color).dim(timestamp(time))} ` : "";
    const before = `${stamp}${this.#before(app, instance, stream)}`;
    const end = partial ? " …\n" : "\n";
    if (PLAIN.test(text)) return `${before}${text}${end}`;
    const program = new ProgramText({ color });
    const shown = program.push(text) + program.end();
    // A line of the log may hold several that a carriage return separates.
    return before + shown.split("\n").join(`\n${before}`) + end;
  }

  /** The name and the bar, as wide as the widest name so far. */
  #before(app: string, instance: number, stream: AppLine["stream"]): string {
    const { color } = this.#output;
    const name = this.#several.has(app) ? `${app}:${instance}` : app;
    const key = `${stream} ${color} ${this.#widest} ${name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const place = this.#order.get(app) ?? this.#order.size;
    this.#order.set(app, place);
    const shownName = cellText(name);
    this.#widest = Math.max(this.#widest, widest([shownName]));
    const style = createStyle(color);
    const paint = style[COLORS[place % COLORS.length] ?? "cyan"];
    const bar = stream === "stderr" ? style.red("!") : "|";
    const before = `${paint(cell(shownName, this.#widest))} ${bar} `;
    this.#known.set(`${stream} ${color} ${this.#widest} ${name}`, before);
    return before;
  }
}

/** Nothing in it acts on a terminal. */
const PLAIN = /^[\t\u0020-\u007e]*$/;

/** Local time to the second with its offset, as wide whether it is known or not. */
function timestamp(time: number | null): string {
  if (time === null) return "-".padEnd(25);
  const minutes = -new Date(time).getTimezoneOffset();
  const local = new Date(time + minutes * 60_000).toISOString().slice(0, 19);
  const two = (number: number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
  return `${local}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}
