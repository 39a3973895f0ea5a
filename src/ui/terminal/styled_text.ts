// deno-lint-ignore-file no-control-regex
import sliceAnsi from "slice-ansi";
import { textColumns } from "../../runtime/text_columns.ts";
import wrapAnsi from "wrap-ansi";
import { ProgramText } from "../program_text.ts";
import { terminalText } from "../terminal_text.ts";

/**
 * Texts in the colours of a terminal, ready for it: of its control sequences they hold those that set colours
 * and weights, and no other.
 */

const SGR = /\u001b\[[0-9;:]*m/g;
const TAB_COLUMNS = 8;

/** Longer lines of a program are cut for the screen: no person reads on, and wrapping them takes time. */
const LONGEST = 16_384;

/** What a program wrote as one line; a carriage return begins another. */
export function programLines(text: string, { color }: { color: boolean }): string[] {
  const program = new ProgramText({ color });
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  const shown = terminalText(program.push(cut) + program.end(), { color });
  return shown.split("\n").map(expandTabs);
}

/** A tab leads to the next of the columns that are multiples of eight. */
function expandTabs(text: string): string {
  if (!text.includes("\t")) return text;
  const [first = "", ...others] = text.split("\t");
  let shown = first;
  let column = textColumns(first);
  for (const part of others) {
    const spaces = TAB_COLUMNS - column % TAB_COLUMNS;
    shown += " ".repeat(spaces) + part;
    column += spaces + textColumns(part);
  }
  return shown;
}

/** So many columns of the text, from a column on. */
export function columnsOf(text: string, { from = 0, columns }: { from?: number; columns: number }): string {
  if (columns <= 0) return "";
  if (from === 0 && textColumns(text) <= columns) return text;
  let width = columns;
  let slice = sliceAnsi(text, from, from + width);
  // A wide character that begins in the last column would stand out.
  while (textColumns(slice) > columns && width > 0) slice = sliceAnsi(text, from, from + --width);
  return slice;
}

/** The text in lines of at most so many columns; at least one. */
export function wrapped(text: string, columns: number): string[] {
  if (textColumns(text) <= columns) return [text];
  return wrapAnsi(text, Math.max(2, columns), { hard: true, trim: false }).split("\n")
    .map((line) => columnsOf(line, { columns }));
}

/** The text without colours. */
export function withoutColor(text: string): string {
  return text.replace(SGR, "");
}

/** Where a text has what is searched, in it without colours. Lower case finds both cases. */
export function findAll(text: string, wanted: string): number[] {
  if (wanted === "") return [];
  const lower = text.toLowerCase();
  // A letter whose lower case is longer would move the places behind it.
  const inText = wanted === wanted.toLowerCase() && lower.length === text.length ? lower : text;
  const found: number[] = [];
  for (let at = inText.indexOf(wanted); at !== -1; at = inText.indexOf(wanted, at + wanted.length)) {
    found.push(at);
  }
  return found;
}

/** The text with what is searched in reverse video. */
export function highlighted(text: string, wanted: string): string {
  const found = findAll(withoutColor(text), wanted);
  if (found.length === 0) return text;
  const marks = new Map(found.flatMap((at) => [[at, true], [at + wanted.length, false]] as const));
  for (const at of found) marks.set(at, true);
  let shown = "";
  let place = 0;
  let on = false;
  for (const token of text.match(/\u001b\[[0-9;:]*m|[^]/g) ?? []) {
    if (token.length > 1) {
      // A colour of the program's must not end the mark.
      shown += on ? `${token}\u001b[7m` : token;
      continue;
    }
    const mark = marks.get(place);
    if (mark !== undefined && mark !== on) shown += mark ? "\u001b[7m" : "\u001b[27m";
    on = mark ?? on;
    shown += token;
    place++;
  }
  return on ? `${shown}\u001b[27m` : shown;
}
