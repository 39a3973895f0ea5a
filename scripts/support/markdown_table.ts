/** A table as the formatter writes it; the first row is its head. */
export function markdownTable([head = [], ...rows]: readonly string[][]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join(
    "\n",
  );
}

/**
 * The document with its tables between `<!-- NAME: generated -->` and `<!-- NAME: end -->` made anew.
 *
 * @throws {Error} when the document has no place for one
 */
export function fillTables(document: string, tables: Readonly<Record<string, string[][]>>): string {
  let text = document;
  for (const [name, rows] of Object.entries(tables)) {
    const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- ${name}: end -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to < from) throw new Error(`There is no place for the table "${name}"`);
    text = `${text.slice(0, from + begin.length)}\n\n${markdownTable(rows)}\n\n${text.slice(to)}`;
  }
  return text;
}
