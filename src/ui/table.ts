import { cellText } from "./terminal_text.ts";
import { cell, widest } from "./text.ts";

/** Rows as aligned columns, two spaces apart. A column that is empty in every row is left out. */
export function table(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(cellText));
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) => widest(rows.map((row) => row[column] ?? "")));
  const lines = rows.map((row) =>
    row.flatMap((text, column) => {
      const width = widths[column] ?? 0;
      return width === 0 ? [] : [cell(text, width)];
    }).join("  ").trimEnd()
  );
  return lines.map((line) => `${line}\n`).join("");
}
