import type { Style } from "./style.ts";

const FULL = "━";
const REST = "─";

/** A bar of exactly so many columns. @param percent 0 to 100. */
export function renderBar(percent: number, columns: number, style: Style): string {
  const share = Math.min(100, Math.max(0, percent)) / 100;
  const full = Math.floor(share * columns);
  return style.cyan(FULL.repeat(full)) + style.dim(REST.repeat(columns - full));
}

/** A bar for work whose size is not known: a short piece that wanders to and fro. */
export function renderPulse(now: number, columns: number, style: Style): string {
  const length = Math.min(columns, Math.max(2, Math.floor(columns / 5)));
  const room = columns - length;
  const step = Math.floor(now / 80) % Math.max(1, room * 2);
  const left = step <= room ? step : room * 2 - step;
  return style.dim(REST.repeat(left)) + style.cyan(FULL.repeat(length)) + style.dim(REST.repeat(room - left));
}

/** The turning mark of a tool that is being worked on. */
export function spinner(now: number): string {
  const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
  return frames[Math.floor(now / 80) % frames.length] ?? "⠋";
}
