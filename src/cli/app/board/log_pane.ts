import type { AppLine } from "../log_printer.ts";
import {
  columnsOf,
  findAll,
  highlighted,
  programLines,
  withoutColor,
  wrapped,
} from "../../../ui/terminal/styled_text.ts";
import { LogBuffer } from "./log_buffer.ts";

/** A row of the log: a line's number, and which of the rows that it takes. */
interface Place {
  line: number;
  row: number;
}

export interface LogPaneOptions {
  color: boolean;
  /** What stands before a line, ready for the terminal, and how wide it is. */
  prefix: (line: AppLine, options: { found: boolean }) => { text: string; columns: number };
}

/** So many columns at once, to the left and the right. */
const SIDEWAYS = 8;

/** A log that is looked at through a window: it follows the newest line, or stays where a person scrolled. */
export class LogPane {
  readonly buffer = new LogBuffer();
  readonly #options: LogPaneOptions;
  readonly #rows = new WeakMap<AppLine, { key: string; rows: string[] }>();
  #columns = 80;
  #height = 0;
  #wrap = true;
  #shift = 0;
  /** The first row that is shown; undefined while the newest line is followed. */
  #top: Place | undefined;
  #search = "";
  /** The line that was found last. */
  #found: number | undefined;

  constructor(options: LogPaneOptions) {
    this.#options = options;
  }

  get follows(): boolean {
    return this.#top === undefined;
  }

  get wraps(): boolean {
    return this.#wrap;
  }

  get search(): string {
    return this.#search;
  }

  /** Whether the oldest line that is kept is on the screen. */
  get isAtStart(): boolean {
    const top = this.#windowTop();
    return top.line <= this.buffer.first && top.row === 0;
  }

  resize({ columns, rows }: { columns: number; rows: number }): void {
    this.#columns = Math.max(1, columns);
    this.#height = Math.max(0, rows);
  }

  /** Another log. */
  clear(): void {
    this.buffer.clear();
    this.#top = undefined;
    this.#found = undefined;
    this.#shift = 0;
  }

  /** The rows that are in the window, at most as many as it has. */
  visible(): string[] {
    const shown: string[] = [];
    const { line: first, row } = this.#windowTop();
    for (let line = first; line < this.buffer.end && shown.length < this.#height; line++) {
      shown.push(...this.#rowsOf(line).slice(line === first ? row : 0));
    }
    return shown.slice(0, this.#height);
  }

  /** The lines that are in the window, whole and without colours. */
  visibleText(): string[] {
    const lines: string[] = [];
    const { line: first, row } = this.#windowTop();
    let rows = -row;
    for (let line = first; line < this.buffer.end && rows < this.#height; line++) {
      rows += this.#rowsOf(line).length;
      lines.push(...this.#textOf(line));
    }
    return lines;
  }

  scroll(rows: number): void {
    const last = this.#lastTop();
    const top = this.#moved(this.#windowTop(), rows);
    this.#top = isBefore(top, last) ? top : undefined;
  }

  page(pages: number): void {
    this.scroll(Math.trunc(pages * Math.max(1, this.#height - 1)));
  }

  toStart(): void {
    this.#top = { line: this.buffer.first, row: 0 };
    if (!isBefore(this.#top, this.#lastTop())) this.#top = undefined;
  }

  toEnd(): void {
    this.#top = undefined;
  }

  toggleFollow(): void {
    this.#top = this.#top === undefined ? this.#lastTop() : undefined;
  }

  toggleWrap(): void {
    this.#wrap = !this.#wrap;
    this.#shift = 0;
    if (this.#top !== undefined) this.#top = { line: this.#top.line, row: 0 };
  }

  /** Moves the window to the side, where lines are not wrapped. */
  sideways(by: -1 | 1): void {
    if (!this.#wrap) this.#shift = Math.max(0, this.#shift + by * SIDEWAYS);
  }

  /** Searches a text from now on, beginning with the newest line. @returns how many lines have it */
  lookFor(text: string): number {
    this.#search = text;
    this.#found = undefined;
    const lines = this.#matching();
    if (lines.length > 0) this.#show(lines.at(-1));
    return lines.length;
  }

  /** Goes on to the next line that has the text, downwards or upwards, round about. */
  next(by: -1 | 1): { place: number; count: number } | undefined {
    const lines = this.#matching();
    const last = lines.at(-1);
    if (last === undefined) return undefined;
    const from = this.#found ?? this.buffer.end;
    const at = by === 1
      ? lines.find((line) => line > from) ?? lines[0]
      : lines.findLast((line) => line < from) ?? last;
    this.#show(at);
    return { place: lines.indexOf(at ?? last) + 1, count: lines.length };
  }

  #matching(): number[] {
    if (this.#search === "") return [];
    const found: number[] = [];
    for (let line = this.buffer.first; line < this.buffer.end; line++) {
      if (this.#textOf(line).some((text) => findAll(text, this.#search).length > 0)) found.push(line);
    }
    return found;
  }

  /** Brings a line that was found into the window, and stays there. */
  #show(line: number | undefined): void {
    if (line === undefined) return;
    this.#found = line;
    const top = this.#windowTop();
    const isVisible = line >= top.line && this.#distance(top, line) < this.#height;
    const wanted = isVisible ? top : this.#moved({ line, row: 0 }, -Math.floor(this.#height / 2));
    const last = this.#lastTop();
    this.#top = isBefore(wanted, last) ? wanted : last;
  }

  /** Rows from a place to the last row of a line below, so far as they matter. */
  #distance(from: Place, line: number): number {
    let rows = -from.row;
    for (let at = from.line; at <= line && rows <= this.#height; at++) rows += this.#rowsOf(at).length;
    return rows - 1;
  }

  /** Where the window begins: never so late that it has room to spare. */
  #windowTop(): Place {
    const last = this.#lastTop();
    if (this.#top === undefined) return last;
    const top = this.#clamped(this.#top);
    return isBefore(top, last) ? top : last;
  }

  /** Where the window begins that ends with the newest row. */
  #lastTop(): Place {
    const { buffer: { first, end } } = this;
    let rows = 0;
    for (let line = end - 1; line >= first; line--) {
      rows += this.#rowsOf(line).length;
      if (rows >= this.#height) return { line, row: rows - this.#height };
    }
    return { line: first, row: 0 };
  }

  #moved(from: Place, by: number): Place {
    let { line, row } = this.#clamped(from);
    for (let left = Math.abs(by); left > 0; left--) {
      if (by < 0) {
        if (row > 0) row--;
        else if (line > this.buffer.first) row = this.#rowsOf(--line).length - 1;
        else break;
      } else if (row < this.#rowsOf(line).length - 1) row++;
      else if (line < this.buffer.end - 1) [line, row] = [line + 1, 0];
      else break;
    }
    return { line, row };
  }

  /** Lines may have left, and rows may have become fewer. */
  #clamped({ line, row }: Place): Place {
    const { first } = this.buffer;
    if (line < first) return { line: first, row: 0 };
    return { line, row: Math.max(0, Math.min(row, this.#rowsOf(line).length - 1)) };
  }

  #textOf(line: number): string[] {
    const entry = this.buffer.at(line);
    return entry === undefined ? [] : programLines(entry.line, { color: false }).map(withoutColor);
  }

  #rowsOf(line: number): string[] {
    const entry = this.buffer.at(line);
    if (entry === undefined) return [];
    const prefix = this.#options.prefix(entry, { found: line === this.#found });
    const key = `${this.#columns} ${this.#wrap} ${this.#shift} ${prefix.text}\0${this.#search}`;
    const known = this.#rows.get(entry);
    if (known?.key === key) return known.rows;
    const rows = this.#layOut(entry, prefix);
    this.#rows.set(entry, { key, rows });
    return rows;
  }

  #layOut(entry: AppLine, prefix: { text: string; columns: number }): string[] {
    const columns = Math.max(1, this.#columns - prefix.columns);
    const parts = programLines(entry.line, this.#options).map((part) => highlighted(part, this.#search));
    const rows = this.#wrap
      ? parts.flatMap((part) => wrapped(part, columns))
      : parts.map((part) => columnsOf(part, { from: this.#shift, columns }));
    return rows.map((row) => columnsOf(prefix.text + row, { columns: this.#columns }));
  }
}

function isBefore(one: Place, other: Place): boolean {
  return one.line < other.line || one.line === other.line && one.row < other.row;
}
