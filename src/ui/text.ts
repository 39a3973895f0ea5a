import { textColumns } from "../runtime/text_columns.ts";

/** Cuts the text to so many columns, with `…` where something is missing. */
export function fit(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (textColumns(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const { segment: char } of new Intl.Segmenter().segment(text)) {
    const next = width + textColumns(char);
    if (next > columns - 1) break;
    kept += char;
    width = next;
  }
  return `${kept}…`;
}

/** Cut or filled with spaces at the end to exactly so many columns. */
export function cell(text: string, columns: number): string {
  const cut = fit(text, columns);
  return cut + " ".repeat(Math.max(0, columns - textColumns(cut)));
}

/** Cut or filled with spaces at the start to exactly so many columns. */
export function cellRight(text: string, columns: number): string {
  const cut = fit(text, columns);
  return " ".repeat(Math.max(0, columns - textColumns(cut))) + cut;
}

/** The widest of the texts, in columns. */
export function widest(texts: Iterable<string>): number {
  let width = 0;
  for (const text of texts) width = Math.max(width, textColumns(text));
  return width;
}

/** Breaks the text between words into lines of at most so many columns; a word that is longer stays whole. */
export function wrapWords(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const joined = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || textColumns(joined) > columns) lines.push(word);
    else lines[lines.length - 1] = joined;
  }
  return lines;
}

/** `1 tool`, `2 tools`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
