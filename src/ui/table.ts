import { stripVTControlCharacters } from "node:util";
import { textColumns } from "../runtime/text_columns.ts";
import { cellText } from "./terminal_text.ts";
import { cell, fit, widest, wrapWords } from "./text.ts";

/** Where a table is shown: only a terminal has an edge that it has to keep to. */
export interface TableScreen {
  isTTY: boolean;
  columns: number;
}

const GAP = 2;
/** Columns below which a cell is no longer made narrower. */
const NARROWEST = 6;

/**
 * Rows as aligned columns, two spaces apart. A column that is empty in every row is left out. On a terminal
 * that is too narrow the widest columns are broken between words; a word that is longer ends with `…`.
 */
export function table(texts: readonly (readonly string[])[], screen?: TableScreen): string {
  const rows = texts.map((row) => row.map(cellText));
  const count = Math.max(0, ...rows.map((row) => row.length));
  const natural = Array.from({ length: count }, (_, column) => widest(rows.map((row) => row[column] ?? "")));
  const widths = screen?.isTTY === true ? narrowed(natural, screen.columns) : natural;
  const lines = rows.flatMap((row) => {
    const cells = row.map((text, column) => linesOf(text, widths[column] ?? 0));
    const height = Math.max(1, ...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, line) =>
      cells.flatMap((cellLines, column) => {
        const width = widths[column] ?? 0;
        return width === 0 ? [] : [cell(cellLines[line] ?? "", width)];
      }).join(" ".repeat(GAP)).trimEnd());
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** Takes from the widest columns until all of them fit, as far as that goes. */
function narrowed(natural: readonly number[], columns: number): number[] {
  const widths = [...natural];
  const shown = widths.filter((width) => width > 0).length;
  let over = widths.reduce((sum, width) => sum + width, 0) + GAP * (shown - 1) - columns;
  for (; over > 0; over--) {
    const most = Math.max(...widths);
    if (most <= NARROWEST) break;
    widths[widths.lastIndexOf(most)] = most - 1;
  }
  return widths;
}

function linesOf(text: string, width: number): string[] {
  if (textColumns(text) <= width) return [text];
  return wrapWords(stripVTControlCharacters(text), width).map((line) => fit(line, width));
}
