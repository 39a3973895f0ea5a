import { renderBar, renderPulse, spinner } from "./bar.ts";
import { type BoardState, isActive, isSettled, type Phase, type ToolRow } from "./board_state.ts";
import { createStyle, type Style } from "./style.ts";
import { plainText } from "./terminal_text.ts";
import { cell, cellRight, counted, fit, widest } from "./text.ts";
import { formatBytes, formatProgress, formatSpeed, formatTime } from "./units.ts";

export interface BoardView {
  /** Of the terminal, at least 20. No line reaches the last column, so none wraps. */
  columns: number;
  /** Lines of the terminal; what does not fit is summarised. */
  rows?: number;
  color: boolean;
  /** Milliseconds, on the clock that the state was reduced with. */
  now: number;
}

/** How wide each part of a line is; 0 leaves the part out. */
interface Layout {
  name: number;
  version: number;
  detail: number;
}

const LONGEST_NAME = 24;
const LONGEST_VERSION = 14;
const BAR = 28;
const SIZES = 16;
const SPEED = 10;

/** The board of a running sync: one line a tool and one for the whole. Pure. */
export function renderBoard(state: BoardState, view: BoardView): string[] {
  const style = createStyle(view.color);
  const columns = Math.max(20, view.columns) - 1;
  const { shown, hidden } = select(state.rows, view.rows);
  const layout = layOut(state.rows, columns);
  const lines = shown.map((row) => renderRow(row, { layout, style, now: view.now }));
  if (hidden.length > 0) lines.push(style.dim(fit(`… ${describe(hidden)}`, columns)));
  lines.push(renderTotal(state, { columns, style, now: view.now }));
  return lines;
}

/** Which tools get a line: those that are worked on or failed first, then others while there is room. */
function select(rows: readonly ToolRow[], height: number | undefined) {
  // One line for the total, one for what is hidden, and the one that the cursor rests on.
  const room = height === undefined ? Infinity : Math.max(1, height - 3);
  if (rows.length <= room + 1) return { shown: rows, hidden: [] };
  const rank = (row: ToolRow) =>
    isActive(row.phase) ? 0 : row.phase === "failed" ? 1 : isSettled(row.phase) ? 3 : 2;
  const chosen = new Set(rows.toSorted((a, b) => rank(a) - rank(b)).slice(0, room));
  return { shown: rows.filter((row) => chosen.has(row)), hidden: rows.filter((row) => !chosen.has(row)) };
}

function describe(rows: readonly ToolRow[]): string {
  const of = (test: (phase: Phase) => boolean) => rows.filter((row) => test(row.phase)).length;
  const failed = of((phase) => phase === "failed");
  const done = of(isSettled) - failed;
  const active = of(isActive);
  const waiting = rows.length - failed - done - active;
  return [[active, "active"], [waiting, "waiting"], [done, "done"], [failed, "failed"]]
    .filter(([count]) => count !== 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(", ");
}

function layOut(rows: readonly ToolRow[], columns: number): Layout {
  const longestName = Math.min(LONGEST_NAME, widest(rows.map((row) => row.tool)));
  const name = Math.min(longestName, Math.max(8, Math.floor(columns * 0.4)), columns - 2 - 6);
  const wanted = Math.min(LONGEST_VERSION, widest(rows.map((row) => row.version)));
  const version = columns >= 50 ? wanted : 0;
  const detail = columns - 2 - name - (version === 0 ? 0 : version + 2) - 2;
  return { name, version, detail };
}

interface RowView {
  layout: Layout;
  style: Style;
  now: number;
}

function renderRow(row: ToolRow, { layout, style, now }: RowView): string {
  const name = cell(plainText(row.tool), layout.name);
  const version = layout.version === 0 ? "" : `  ${cell(plainText(row.version), layout.version)}`;
  const start = `${mark(row.phase, style, now)} `;
  const quiet = row.phase === "pending" || row.phase === "queued" || row.phase === "skipped" ||
    row.phase === "cancelled";
  const text = quiet ? style.dim(name + version) : name + style.dim(version);
  return `${start}${text}  ${renderDetail(row, { layout, style, now })}`.trimEnd();
}

function mark(phase: Phase, style: Style, now: number): string {
  switch (phase) {
    case "installed":
    case "present":
      return style.green("✓");
    case "failed":
      return style.red("✗");
    case "needed":
      return style.yellow("•");
    case "skipped":
    case "cancelled":
      return style.dim("–");
    case "pending":
    case "queued":
      return style.dim("·");
    default:
      return style.cyan(spinner(now));
  }
}

function renderDetail(row: ToolRow, { layout, style, now }: RowView): string {
  const { detail } = layout;
  const word = (text: string) => style.dim(fit(text, detail));
  switch (row.phase) {
    case "pending":
    case "queued":
      return word("waiting");
    case "resolving":
      return word("resolving");
    case "starting":
      return word("starting");
    case "downloading":
      return renderDownload(row, { detail, style, now });
    case "extracting":
      return renderStep(row, "extracting", { detail, style, now });
    case "finishing":
      return renderStep(row, plainText(row.note ?? "") || "finishing", { detail, style, now });
    case "installed":
      return word(
        row.bytes > 0
          ? `${cellRight(formatBytes(row.bytes), 8)}  ${formatTime(row.duration)}`
          : formatTime(row.duration),
      );
    case "present":
      return word("up to date");
    case "needed":
      return style.yellow(fit(plainText(row.note ?? "needed"), detail));
    case "skipped":
      return word(plainText(row.note ?? "skipped"));
    case "cancelled":
      return word("cancelled");
    case "failed":
      return style.red(fit(plainText(row.note ?? "failed"), detail));
  }
}

interface DetailView {
  detail: number;
  style: Style;
  now: number;
}

/** `━━━━───  62%  21.7 MB / 35.0 MB  48.2 MB/s`, less of it where there is less room. */
function renderDownload(row: ToolRow, { detail, style, now }: DetailView): string {
  const percent = row.percent === null ? "" : `${Math.floor(row.percent)}%`;
  const sizes = row.total === null ? formatBytes(row.bytes) : formatProgress(row.bytes, row.total);
  const speed = row.speed > 0 ? formatSpeed(row.speed) : "";
  if (detail < 14) return fit(percent === "" ? sizes : cellRight(percent, 4), detail);
  const parts = [cellRight(percent, 4)];
  let room = detail - 6;
  for (const [text, width] of [[sizes, SIZES], [speed, SPEED]] as const) {
    if (room - width - 2 < 8) break;
    parts.push(style.dim(cellRight(text, width)));
    room -= width + 2;
  }
  const bar = Math.min(BAR, room);
  const drawn = row.percent === null ? renderPulse(now, bar, style) : renderBar(row.percent, bar, style);
  return [drawn, ...parts].join("  ").trimEnd();
}

/** A step without bytes: its bar and its name. */
function renderStep(row: ToolRow, text: string, { detail, style, now }: DetailView): string {
  if (detail < 14) return style.dim(fit(text, detail));
  // The bar keeps the place and width that it had while downloading, so that nothing jumps.
  let room = detail - 6;
  for (const width of [SIZES, SPEED]) if (room - width - 2 >= 8) room -= width + 2;
  const bar = Math.min(BAR, room);
  const drawn = row.percent === null ? renderPulse(now, bar, style) : renderBar(row.percent, bar, style);
  const rest = detail - bar - 2;
  return rest < 4 ? drawn : `${drawn}  ${style.dim(fit(text, rest))}`;
}

interface TotalView {
  columns: number;
  style: Style;
  now: number;
}

/** `2 of 4 tools  84.3 MB / 134.1 MB  96.2 MB/s  1.2s` */
function renderTotal(state: BoardState, { columns, style, now }: TotalView): string {
  const work = state.rows.filter((row) => row.phase !== "skipped");
  const done = work.filter((row) => isSettled(row.phase)).length;
  const failed = work.filter((row) => row.phase === "failed").length;
  const known = work.filter((row) => row.total !== null);
  const bytes = work.reduce((sum, row) => sum + row.bytes, 0);
  const total = known.reduce((sum, row) => sum + Math.max(row.total ?? 0, row.bytes), 0);
  const speed = work.reduce((sum, row) => sum + (row.phase === "downloading" ? row.speed : 0), 0);
  const parts = [
    columns < 30 ? `${done}/${work.length}` : `${done} of ${counted(work.length, "tool")}`,
    failed > 0 ? `${failed} failed` : "",
    formatTime(now - state.startedAt),
    bytes > 0 ? (total > bytes ? formatProgress(bytes, total) : formatBytes(bytes)) : "",
    speed > 0 ? formatSpeed(speed) : "",
  ].filter((part) => part !== "");
  let line = `  ${parts[0] ?? ""}`;
  for (const part of parts.slice(1)) {
    if (line.length + 2 + part.length > columns) break;
    line += `  ${part}`;
  }
  return style.dim(fit(line, columns));
}
