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
const NARROWEST = 12;
const INDENT = "  ";

/**
 * Rows as aligned columns, two spaces apart. A column that is empty in every row is left out. On a terminal
 * that is too narrow the widest columns but the first are broken between words; a word that is longer ends
 * with `…`. Where that does not suffice, every row goes on below itself, indented, with the columns that had
 * no room.
 */
export function table(texts: readonly (readonly string[])[], screen?: TableScreen): string {
  const rows = texts.map((row) => row.map(cellText));
  const count = Math.max(0, ...rows.map((row) => row.length));
  const natural = Array.from({ length: count }, (_, column) => widest(rows.map((row) => row[column] ?? "")));
  const screenColumns = screen?.isTTY === true ? screen.columns : Infinity;
  const { widths, groups } = laidOut(natural, screenColumns);
  const lines = rows.flatMap((row) =>
    groups.flatMap((columns, place) => {
      const cells = columns.map((column) => linesOf(row[column] ?? "", widths[column] ?? 0));
      const isEmpty = cells.every(([first = ""]) => first === "");
      if (place > 0 && isEmpty) return [];
      const height = Math.max(1, ...cells.map(({ length }) => length));
      return Array.from({ length: height }, (_, line) =>
        `${place === 0 ? "" : INDENT}${
          cells.map((cellLines, at) =>
            cell(cellLines[line] ?? "", widths[columns[at] ?? 0] ?? 0)
          )
            .join(" ".repeat(GAP))
        }`.trimEnd());
    })
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** Below each other, columns are as wide as they need to be, unless that takes more lines. */
function laidOut(natural: readonly number[], columns: number) {
  const widths = narrowed(natural, columns);
  const groups = folded(widths, columns);
  const whole = natural.map((width, column) => Math.min(width, columns - (column === 0 ? 0 : INDENT.length)));
  const wholeGroups = folded(whole, columns);
  return wholeGroups.length > groups.length ? { widths, groups } : { widths: whole, groups: wholeGroups };
}

/** Of a line with all columns that are shown. */
function widthOf(widths: readonly number[]): number {
  const shown = widths.filter((width) => width > 0);
  return shown.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, shown.length - 1);
}

/** Which columns stand on the first line of a row, which on those below it. */
function folded(widths: readonly number[], columns: number): number[][] {
  const groups: number[][] = [[]];
  let used = 0;
  for (const [column, width] of widths.entries()) {
    if (width === 0) continue;
    const fits = used === 0 || used + GAP + width <= columns;
    if (fits) groups.at(-1)?.push(column);
    else groups.push([column]);
    used = fits ? used + (used === 0 ? 0 : GAP) + width : INDENT.length + width;
  }
  return groups;
}

/**
 * Takes from the widest columns until all of them fit, as far as that goes. The first names the row: half a
 * name is none.
 */
function narrowed([first = 0, ...others]: readonly number[], columns: number): number[] {
  const name = Math.min(first, columns);
  const widths = [...others];
  let over = widthOf([name, ...widths]) - columns;
  for (; over > 0; over--) {
    const most = Math.max(0, ...widths);
    if (most <= NARROWEST) break;
    widths[widths.lastIndexOf(most)] = most - 1;
  }
  return [name, ...widths];
}

function linesOf(text: string, width: number): string[] {
  if (textColumns(text) <= width) return [text];
  return wrapWords(stripVTControlCharacters(text), width).map((line) => fit(line, width));
}
