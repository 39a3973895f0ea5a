import type { Style } from "../../../ui/style.ts";
import { table } from "../../../ui/table.ts";
import { plainText } from "../../../ui/terminal_text.ts";
import { widest } from "../../../ui/text.ts";
import { formatBytes, formatTime } from "../../../ui/units.ts";
import { stateText } from "../state_text.ts";
import { type AppRow, isSameRow, shownStateOfRow, stateOf } from "./app_rows.ts";

/** A column of the list, and how soon a narrow terminal goes without it; one without a number stays. */
interface Column {
  title: string;
  leaves?: number;
  text(row: AppRow, style: Style): string;
}

const COLUMNS: readonly Column[] = [
  { title: "app", text: ({ name }) => plainText(name) },
  { title: "state", text: (row, style) => stateText(shownStateOfRow(row), style) },
  { title: "health", leaves: 8, text: (row, style) => health(row, style) },
  {
    title: "restarts",
    leaves: 4,
    text: ({ instance }) => instance === undefined ? "" : String(instance.restarts),
  },
  { title: "exit", leaves: 5, text: (row, style) => exit(row, style) },
  { title: "cpu", leaves: 7, text: ({ instance }) => percent(instance?.cpu_percent) },
  { title: "memory", leaves: 6, text: ({ instance }) => bytes(instance?.memory_bytes) },
  { title: "ports", leaves: 3, text: ({ instance }) => instance?.ports?.join(",") ?? "" },
  { title: "pid", leaves: 1, text: ({ instance }) => instance?.pid?.toString() ?? "" },
  { title: "up", leaves: 2, text: ({ instance }) => uptime(instance?.uptime_secs) },
  { title: "", leaves: 0, text: (row) => plainText(row.instance?.reason ?? "") },
];

/**
 * The list's head and lines, as wide as they need to be: columns leave until they fit, all but name and
 * state.
 */
export function appList(
  rows: readonly AppRow[],
  { selected, columns, style }: { selected: AppRow | undefined; columns: number; style: Style },
): string[] {
  const all = COLUMNS.map(({ title, leaves = Infinity, text }) => {
    const cells = rows.map((row) => text(row, style));
    const isEmpty = cells.every((cell) => cell === "");
    return { title, leaves, cells, columns: isEmpty ? 0 : widest([title, ...cells]) + GAP };
  }).filter((column) => column.columns > 0);
  let shown = all;
  for (let leave = 0; leave < COLUMNS.length && MARK + sum(shown) > columns; leave++) {
    shown = all.filter(({ leaves }) => leaves > leave);
  }
  return table([
    ["  ", ...shown.map(({ title }) => title)],
    ...rows.map((row, place) => {
      const isSelected = selected !== undefined && isSameRow(row, selected);
      const [name = "", ...others] = shown.map(({ cells }) => cells[place] ?? "");
      return isSelected ? [style.cyan("›"), style.bold(name), ...others] : [" ", name, ...others];
    }),
  ]).trimEnd().split("\n");
}

/** Columns between two columns of the list, and those of the mark in front. */
const GAP = 2;
const MARK = 2;

function sum(shown: readonly { columns: number }[]): number {
  return shown.reduce((all, { columns }) => all + columns, 0);
}

function health(row: AppRow, style: Style): string {
  if (!row.app.health_check) return "";
  const state = stateOf(row);
  if (state === "healthy") return style.green("ok");
  if (state === "unhealthy") return style.red("failing");
  return state === "running" || state === "starting" ? style.yellow("waiting") : "";
}

function exit({ instance }: AppRow, style: Style): string {
  if (instance === undefined || instance.pid !== null) return "";
  const { exit_code: code, exit_signal: signal } = instance;
  if (signal !== null) return style.red(signal);
  return code === null || code === 0 ? String(code ?? "") : style.red(String(code));
}

function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? "" : `${value.toFixed(1)}%`;
}

function bytes(value: number | null | undefined): string {
  return value === null || value === undefined ? "" : formatBytes(value);
}

function uptime(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? "" : formatTime(seconds * 1_000);
}
