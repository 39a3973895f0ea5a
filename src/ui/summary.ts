import type { BoardState, ToolRow } from "./board_state.ts";
import { createStyle, type Style } from "./style.ts";
import { plainText } from "./terminal_text.ts";
import { cell, cellRight, counted, widest, wrapWords } from "./text.ts";
import { formatBytes, formatTime } from "./units.ts";
import { nothingHereText } from "./nothing_here.ts";

export interface SummaryView {
  /** Columns of the terminal; undefined where there is none and nothing need be cut. */
  columns: number | undefined;
  color: boolean;
  /** Shortened to `~` where it begins a path on a terminal. */
  home: string;
}

/** What a finished sync leaves on the screen: a line a tool, with what happened and where it is. */
export function renderSummary(state: BoardState, view: SummaryView): string[] {
  return renderTable(state.rows, { ...view, style: createStyle(view.color) });
}

/** The reasons of all failures in full, each with its next step. */
export function renderFailures(state: BoardState, { color }: { color: boolean }): string[] {
  const style = createStyle(color);
  return state.rows.filter((row) => row.phase === "failed").flatMap((row) => {
    const reason = `${style.red(`${plainText(row.tool)}:`)} ${plainText(row.note ?? "failed")}`;
    return [reason, ...(row.next?.split("\n") ?? []).map((line) => `  ${plainText(line)}`)];
  });
}

interface TableView extends SummaryView {
  style: Style;
}

function renderTable(rows: readonly ToolRow[], view: TableView): string[] {
  const { style } = view;
  const outcomes = rows.map(outcome);
  const wide = view.columns === undefined || view.columns >= 50;
  const limit = view.columns === undefined ? Infinity : Math.max(20, view.columns) - 1;
  const name = Math.min(widest(rows.map((row) => row.tool)), wide ? 40 : Math.floor(limit / 2));
  const version = Math.min(widest(rows.map((row) => row.version)), wide ? 24 : 12);
  const size = widest(outcomes.map((item) => item.size));
  const time = widest(outcomes.map((item) => item.time));
  const word = widest(outcomes.map((item) => item.word));
  const places = rows.map((row) => placeOf(row, view));
  const place = widest(places);
  return rows.map((row, index) => {
    const { symbol, word: text, size: sizeText, time: timeText } = outcomes[index] ?? outcome(row);
    const fields: [string, number, "left" | "right", boolean][] = [
      [plainText(row.version), version, "left", true],
      [text, word, "left", false],
      [sizeText, size, "right", true],
      [timeText, time, "right", true],
    ];
    let line = `${symbol(style)} ${cell(plainText(row.tool), name)}`;
    let used = 2 + name;
    for (const [field, width, side, quiet] of fields) {
      if (width === 0) continue;
      if (used + 2 + width > limit) break;
      const padded = side === "left" ? cell(field, width) : cellRight(field, width);
      line += `  ${quiet ? style.dim(padded) : padded}`;
      used += 2 + width;
    }
    // A path is shown whole or left out; where one does not fit, the last line says where all of them are.
    if (used + 2 + place <= limit) line += `  ${style.dim(places[index] ?? "")}`;
    return line.trimEnd();
  });
}

function placeOf(row: ToolRow, view: SummaryView): string {
  if (row.path === undefined) {
    return row.phase === "skipped" || row.phase === "needed" ? plainText(row.note ?? "") : "";
  }
  return shortenHome(row.path, view);
}

/** On a terminal paths begin with `~`; what another program reads stays whole. */
function shortenHome(path: string, { columns, home }: SummaryView): string {
  const inside = columns !== undefined && home !== "" && home !== "/" && path.startsWith(`${home}/`);
  return plainText(inside ? `~${path.slice(home.length)}` : path);
}

interface Outcome {
  symbol: (style: Style) => string;
  word: string;
  size: string;
  time: string;
}

function outcome(row: ToolRow): Outcome {
  const plain = (symbol: Outcome["symbol"], word: string) => ({ symbol, word, size: "", time: "" });
  switch (row.phase) {
    case "installed":
      return {
        symbol: (style) => style.green("✓"),
        word: "installed",
        size: row.bytes > 0 ? formatBytes(row.bytes) : "",
        time: formatTime(row.duration),
      };
    case "present":
      return plain((style) => style.green("✓"), "up to date");
    case "failed":
      return plain((style) => style.red("✗"), "failed");
    case "needed":
      return plain((style) => style.yellow("•"), "needed");
    case "skipped":
      return plain((style) => style.dim("–"), "skipped");
    default:
      return plain((style) => style.dim("–"), "cancelled");
  }
}

/** The whole in one line: how many, how large, how long, and where they are. */
export function renderVerdict(state: BoardState, view: SummaryView): string {
  const style = createStyle(view.color);
  const end = state.finished;
  if (end === undefined) return "";
  if (state.rows.length === 0) return nothingHereText("tools").trimEnd();
  const parts: string[] = [];
  if (end.installed > 0) {
    const bytes = end.bytes > 0 ? ` (${formatBytes(end.bytes)})` : "";
    parts.push(
      style.green(`${counted(end.installed, "tool")} installed`) +
        `${bytes} in ${formatTime(end.duration_ms)}`,
    );
  }
  if (end.present > 0) {
    parts.push(`${end.installed > 0 ? end.present : counted(end.present, "tool")} up to date`);
  }
  if (end.needed > 0) parts.push(style.yellow(`${counted(end.needed, "tool")} to install`));
  if (end.failed > 0) parts.push(style.red(`${end.failed} failed`));
  if (end.cancelled > 0) parts.push(`${end.cancelled} cancelled`);
  if (end.skipped > 0) parts.push(style.dim(`${end.skipped} skipped`));
  const counts = parts.join(", ");
  const store = shortenHome(end.store, view);
  // On a second line where both do not fit in one.
  const fits = view.columns === undefined || widest([`${counts} · ${store}`]) < view.columns;
  if (fits) return `${counts} ${style.dim(`· ${store}`)}`;
  return [...wrapWords(counts, (view.columns ?? Infinity) - 1), style.dim(store)].join("\n");
}
