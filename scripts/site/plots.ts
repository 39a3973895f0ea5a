const UNIT = /\b(?:ms|seconds|µs|MB|KB)\b/;
const NUMBER = /^\d[\d,]*(?:\.\d+)?$/;
const ROW_HEIGHT = 44;
/** The longest bar leaves room for its number. */
const LONGEST_PERCENT = 85;

/**
 * A page with a plot below each table whose second column has a unit and nothing but numbers. A plot is an
 * SVG in the page: its colours are the page's own, in light and in dark, and its text keeps its size on a
 * phone.
 */
export function withPlots(markdown: string): string {
  return markdown.replaceAll(/(?:^\|.*\|\n)+/gm, (table) => {
    const [head, , ...rows] = table.trimEnd().split("\n").map(cells);
    const unit = head?.[1] ?? "";
    const values = rows.map(([, value = ""]) => value);
    const drawn = UNIT.test(unit) && rows.length > 2 && values.every((value) => NUMBER.test(value));
    if (!drawn) return table;
    return `${table}\n${plot(rows.map(([label = ""]) => label), values, unit)}\n`;
  });
}

/**
 * A page whose pictures of plots are part of it, so that they have its colours.
 *
 * @param read gives the text of a picture by its path, as the page names it; undefined when it was not drawn
 */
export function withPictures(markdown: string, read: (path: string) => string | undefined): string {
  return markdown.replaceAll(/^!\[[^\]]*\]\((plots\/[\w-]+\.svg)\)$/gm, (_whole, path: string) => {
    const svg = read(path)?.replace(/<style>[\s\S]*?<\/style>/, "").replaceAll("\n", "");
    return svg === undefined
      ? ""
      : `<div class="picture" tabindex="0">${svg.replaceAll("{", "&#123;")}</div>`;
  });
}

function plot(labels: readonly string[], values: readonly string[], unit: string): string {
  const numbers = values.map((value) => Number(value.replaceAll(",", "")));
  const most = Math.max(...numbers);
  const bars = numbers.map((number, index) => {
    const top = index * ROW_HEIGHT;
    const width = `${(number / most * LONGEST_PERCENT).toFixed(2)}%`;
    return `<text y="${top + 14}">${escaped(labels[index] ?? "")}</text>` +
      `<rect y="${top + 20}" width="${width}" height="14" rx="2"/>` +
      `<text x="${width}" dx="6" y="${top + 32}">${values[index]}</text>`;
  });
  const spoken = labels.map((label, index) => `${escaped(label)}: ${values[index]}`).join("; ");
  const height = numbers.length * ROW_HEIGHT;
  return `<svg class="plot" role="img" aria-label="${escaped(unit)}. ${spoken}" width="100%" ` +
    `height="${height}">${bars.join("")}</svg>\n`;
}

function cells(line: string): string[] {
  return line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** Text of Markdown's as text of a picture. */
function escaped(text: string): string {
  return text.replaceAll("`", "").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")
    .replaceAll("{", "&#123;");
}
