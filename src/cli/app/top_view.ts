import type { AppStatus } from "../../protocol/methods/app_methods.ts";
import type { Style } from "../../ui/style.ts";
import { table } from "../../ui/table.ts";
import { plainText } from "../../ui/terminal_text.ts";
import { fit, widest } from "../../ui/text.ts";
import { formatBytes, formatTime } from "../../ui/units.ts";
import { stateText } from "./state_text.ts";

/** What `haft app top` shows. */
export interface TopView {
  apps: readonly AppStatus[];
  /** The selected app's name. */
  selected: string | undefined;
  /** The newest lines of the selected app. */
  log: readonly string[];
  /** Only apps whose name contains it. */
  filter: string;
  /** The filter is being typed. */
  typing: boolean;
  /** The result of the last key. */
  message: string;
}

const KEYS = "↑↓ select  s start  x stop  r restart  / filter  q quit";

/** The apps that the filter lets through. */
export function shownApps({ apps, filter }: Pick<TopView, "apps" | "filter">): AppStatus[] {
  return apps.filter(({ name }) => name.includes(filter));
}

/** The whole screen: exactly `rows` lines, none wider than `columns`. */
export function topScreen(
  view: TopView,
  { columns, rows, style }: { columns: number; rows: number; style: Style },
): string[] {
  const apps = shownApps(view);
  const listRows = Math.max(1, Math.min(apps.length, Math.floor((rows - 4) / 2)));
  const at = Math.max(0, apps.findIndex(({ name }) => name === view.selected));
  const first = Math.max(0, Math.min(at - Math.floor(listRows / 2), apps.length - listRows));
  const lines = fittingTable([
    ["", "app", "state", "pid", "up", "restarts", "cpu", "memory"],
    ...apps.slice(first, first + listRows).map((app) =>
      row(app, { style, selected: app.name === view.selected })
    ),
  ], columns);
  const [head = "", ...list] = lines;
  const hidden = apps.length - listRows;
  const title = `haft  ${apps.length} ${apps.length === 1 ? "app" : "apps"}${
    hidden > 0 ? `, ${hidden} more` : ""
  }${view.filter === "" && !view.typing ? "" : `  /${view.filter}${view.typing ? "▏" : ""}`}`;
  const top = [style.bold(fit(title, columns)), style.dim(fit(head, columns)), ...list];
  const logRows = Math.max(0, rows - top.length - 2);
  const log = view.log.slice(-logRows).map((line) => fit(plainText(line), columns));
  const screen = [
    ...top,
    style.dim(fit(`── ${view.selected ?? "no app"} ${"─".repeat(columns)}`, columns)),
    ...log,
  ];
  while (screen.length < rows - 1) screen.push("");
  screen.length = Math.max(0, rows - 1);
  return [...screen, style.dim(fit(view.message === "" ? KEYS : view.message, columns))];
}

/** The columns that a narrow terminal goes without, the first ones first: restarts, up, pid, memory, cpu. */
const DROPPED = [5, 4, 3, 7, 6];

function fittingTable(rows: readonly string[][], columns: number): string[] {
  for (let dropped = 0;; dropped++) {
    const gone = new Set(DROPPED.slice(0, dropped));
    const lines = table(rows.map((cells) => cells.filter((_, index) => !gone.has(index)))).trimEnd().split(
      "\n",
    );
    if (widest(lines) <= columns || dropped === DROPPED.length) return lines;
  }
}

function row(
  { name, state, instances }: AppStatus,
  { style, selected }: { style: Style; selected: boolean },
): string[] {
  const sum = (values: (number | null)[]) =>
    values.every((value) => value === null)
      ? null
      : values.reduce<number>((all, value) => all + (value ?? 0), 0);
  const cpu = sum(instances.map((one) => one.cpu_percent));
  const memory = sum(instances.map((one) => one.memory_bytes));
  const [first] = instances;
  const { pid = null, uptime_secs: uptime = null } = first ?? {};
  return [
    selected ? style.cyan("›") : " ",
    selected ? style.bold(name) : name,
    stateText(state, style),
    pid === null ? "" : String(pid),
    uptime === null ? "" : formatTime(uptime * 1000),
    String(instances.reduce((all, one) => all + one.restarts, 0)),
    cpu === null ? "" : `${cpu.toFixed(1)}%`,
    memory === null ? "" : formatBytes(memory),
  ];
}
